"""What the code of a method or of a network is, as a digest: results of other code are not taken for its own.

Of a method counts the module of its function, and every module that one of these imports from the same
package, wherever in it the import stands; of a network the classes of its modules. What runs counts, in each;
comments, docstrings and layout do not. Libraries are known by their versions instead.
"""

import ast
import hashlib
import importlib.util
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any, Protocol


class Network(Protocol):
    """A network, as PyTorch's `nn.Module`, which this module does not import."""

    def modules(self) -> Iterator[Any]:
        """The network and the modules inside it."""


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_version(function: Callable[..., Any]) -> str:
    """The digest, 64 hexadecimal digits, of all code of its own package that `function` can reach.

    A function that wraps another, as `functools.wraps` notes it, reaches that one, too. One whose source is
    not in a file, as of a notebook, is known by its compiled code alone.
    """
    names, reached = set[str](), bytearray()
    inner: Callable[..., Any] | None = function
    while inner is not None:
        if _source(inner.__module__) is None:
            reached += _compiled(inner.__code__).encode()
        names.add(inner.__module__)
        inner = getattr(inner, "__wrapped__", None)
    for name in sorted(_closure(names)):
        reached += f"{name} {_digest(name)}\n".encode()
    return hashlib.sha256(reached).hexdigest()


def _compiled(code: CodeType) -> str:
    """What a function without a source does: its instructions, names and constants, without its place."""
    constants = [_compiled(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def network_version(model: Network) -> str:
    """The digest, 64 hexadecimal digits, of the classes of a network's modules, PyTorch's own left out."""
    kinds = {type(module) for module in model.modules()}
    own = [kind for kind in kinds if kind.__module__.partition(".")[0] != "torch"]
    text = "".join(sorted(f"{kind.__module__}.{kind.__qualname__} {_class_digest(kind)}\n" for kind in own))
    return hashlib.sha256(text.encode()).hexdigest()


def _class_digest(kind: type) -> str:
    try:
        source = textwrap.dedent(inspect.getsource(kind))
    except (OSError, TypeError):  # made while a program runs: nothing but its name is known
        return ""
    return _digest_of(ast.parse(source))


def _closure(names: set[str]) -> set[str]:
    """The modules of these names, and all that they import of their own packages."""
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _imported(name)
    return found


@lru_cache(maxsize=1000)
def _imported(name: str) -> tuple[str, ...]:
    """The modules of the same package that a module imports."""
    tree = _tree(name)
    package = name.partition(".")[0]
    asked = {wanted for wanted in _named_imports(name, tree) if wanted.partition(".")[0] == package}
    return tuple(sorted(wanted for wanted in asked if _source(wanted) is not None))


def _named_imports(name: str, tree: ast.Module) -> Iterator[str]:
    """What a module's imports name, in full: modules, and things in them."""
    specification = importlib.util.find_spec(name)
    parent = specification.parent if specification else None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            whole = importlib.util.resolve_name(base, parent) if node.level else base
            yield whole
            yield from (f"{whole}.{alias.name}" for alias in node.names)


@lru_cache(maxsize=1000)
def _digest(name: str) -> str:
    return _digest_of(_tree(name))


def _digest_of(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, False):
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _tree(name: str) -> ast.Module:
    path = _source(name)
    return ast.parse(path.read_text(encoding="utf-8") if path else "")


@lru_cache(maxsize=1000)
def _source(name: str) -> Path | None:
    """The file of a module; None where it is no module, or has none."""
    try:
        specification = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    path = Path(specification.origin) if specification and specification.origin else None
    return path if path and path.suffix == ".py" and inspect.getmodulename(str(path)) else None
