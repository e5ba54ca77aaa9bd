"""Networks from the names of their factories, as in `package.module:factory` or with arguments, as in
"torchvision.models:resnet18(num_classes=10)", the way that gunicorn names applications.

Arguments are only Python literals: naming a factory runs the factory and no other code.
"""

import ast
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explanations.models.spec import PAPER_FACTORY

# Names in the manifests of older sets, and where the factory is now.
FORMER = {"explanations.classifiers:PaperCNN": PAPER_FACTORY}


@dataclass(frozen=True)
class Call:
    """A factory's text taken apart: `module`, the dotted `name` in it, and its arguments."""

    factory: str
    module: str
    name: str
    positional: tuple[Any, ...]
    named: Mapping[str, Any]

    def make(self, **more: Any) -> object:
        """Call the factory, with `more` named arguments as well. Raises ValueError."""
        function = _look_up(self.factory, self.module, self.name)
        if not callable(function):
            raise ValueError(
                f"{self.factory}: is of type {type(function).__name__}, which cannot be called; "
                "name a function"
            )
        return attempt(self.factory, lambda: function(*self.positional, **{**self.named, **more}))


def attempt(factory: str, function: Any) -> Any:
    """Return `function()`; any error becomes a one-line ValueError that names the factory."""
    try:
        return function()
    except Exception as error:  # whatever a user's code raises
        reason = " ".join(str(error).split())
        raise ValueError(f"{factory}: failed with {type(error).__name__}: {reason}") from None


def read(factory: str) -> Call:
    """A factory's text taken apart. Raises ValueError where it is not a name with plain arguments."""
    module, _, text = FORMER.get(factory, factory).partition(":")
    wrong = ValueError(
        f"{factory!r} is not a factory; write package.module:name, as in {PAPER_FACTORY}, "
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
    if not module or not all(part.isidentifier() for part in name.split(".")):
        raise wrong
    return Call(factory, module, name, tuple(arguments), keywords)


def import_library(factory: str, name: str, package: str = "") -> Any:
    """The module `name`, which `factory` needs. Raises ValueError where it cannot be imported."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        remedy = f"pip install {package}" if package else "install it first"
        raise ValueError(f"{factory}: {name} cannot be imported ({error}); {remedy}") from None
    except Exception as error:  # a user's module that fails when it is imported
        reason = " ".join(str(error).split())
        raise ValueError(f"{factory}: {name} fails with {type(error).__name__}: {reason}") from None


def _look_up(factory: str, module: str, name: str) -> object:
    value: object = import_library(factory, module)
    for part in name.split("."):
        if not hasattr(value, part):
            raise ValueError(f"{factory}: {module} has no {name!r}")
        value = getattr(value, part)
    return value
