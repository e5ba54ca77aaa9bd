"""Networks from the names of their factories, as in `package.module:factory` or with arguments, as in
"torchvision.models:resnet18(num_classes=10)", the way that gunicorn names applications.

Arguments are Python literals and nothing else: naming a factory runs the factory and no other code.
"""

import ast
import importlib
from typing import Any

from torch import nn

from explanations.models.spec import PAPER_FACTORY

# Names in the manifests of older sets, and where the factory is now.
FORMER = {"explanations.classifiers:PaperCNN": PAPER_FACTORY}


def make(factory: str) -> nn.Module:
    """The network that `factory` makes when called. Raises ValueError with what is wrong with it."""
    module_name, name, positional, named = _parsed(factory)
    function = _imported(factory, module_name, name)
    if not callable(function):
        raise ValueError(f"{factory}: is a {type(function).__name__}, which can't be called; name a function")
    try:
        model = function(*positional, **named)
    except Exception as error:  # whatever anyone's own code raises
        reason = " ".join(str(error).split())
        raise ValueError(f"{factory}: failed with {type(error).__name__}: {reason}") from None
    if not isinstance(model, nn.Module):
        raise ValueError(f"{factory}: returned a {type(model).__name__}; a torch.nn.Module is wanted")
    return model


def _parsed(factory: str) -> tuple[str, str, list[Any], dict[str, Any]]:
    """Module, dotted name, arguments and named arguments of a factory's text."""
    module_name, _, text = FORMER.get(factory, factory).partition(":")
    wrong = ValueError(
        f"{factory!r} is no factory; write package.module:name, as in {PAPER_FACTORY}, "
        "or with arguments that are plain values: package.module:name(classes=10)"
    )
    try:
        call: ast.expr = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise wrong from None
    arguments, keywords = [], {}
    if isinstance(call, ast.Call):
        if not all(word.arg for word in call.keywords):  # **something
            raise wrong
        try:
            arguments = [ast.literal_eval(argument) for argument in call.args]
            keywords = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        except ValueError:
            raise wrong from None
        call = call.func
    name = ast.unparse(call)
    if not module_name or not all(part.isidentifier() for part in name.split(".")):
        raise wrong
    return module_name, name, arguments, keywords


def _imported(factory: str, module_name: str, name: str) -> object:
    try:
        found: object = importlib.import_module(module_name)
    except ImportError as error:
        raise ValueError(f"{factory}: {module_name} cannot be imported ({error}); install it first") from None
    except Exception as error:  # a module of anyone's own that fails when it is imported
        reason = " ".join(str(error).split())
        raise ValueError(f"{factory}: {module_name} fails with {type(error).__name__}: {reason}") from None
    for part in name.split("."):
        if not hasattr(found, part):
            raise ValueError(f"{factory}: {module_name} has no {name!r}")
        found = getattr(found, part)
    return found
