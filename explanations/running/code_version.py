"""Digest of the code of a method or network, so that results of other code are not reused.

The digest of a method covers the module of its function and all modules that it imports from the same
package, directly or through others, wherever the import is; that of a network covers the classes of its
modules. Only code that runs counts; comments, docstrings and layout do not. Libraries count by version.
"""

import ast
import hashlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Protocol


class Network(Protocol):
    """A network, as PyTorch's `nn.Module`, which this module does not import."""

    def modules(self) -> Iterator[Any]:
        """The network and the modules inside it."""


RUNNING = ("__main__", "__mp_main__")  # the module of a script, here and in the processes that it starts
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_version(function: Callable[..., Any]) -> str:
    """The digest, 64 hexadecimal digits, of all code of its own package that `function` can reach.

    A function that wraps another, as `functools.wraps` notes it, reaches that one, too. A module outside of
    this package and of installed ones, such as a script, reaches the modules beside it, and the versions of
    the libraries that it imports count. A function whose source is not in a file, as in a notebook, is known
    by its compiled code and that of the functions and values that it uses.
    """
    names, reached = set[str](), bytearray()
    inner: Callable[..., Any] | None = function
    while inner is not None:
        if _is_in_file(inner):
            names.add(inner.__module__)
        else:
            reached += _compiled_function(inner).encode()
        inner = getattr(inner, "__wrapped__", None)
    for name in sorted(_closure(names)):
        reached += f"{_shown(name)} {_digest(name)}\n".encode()
    for library in sorted({library for name in names for library in _libraries(name)}):
        reached += f"{library}\n".encode()
    return hashlib.sha256(reached).hexdigest()


def _is_in_file(function: Any) -> bool:
    """Return True if a function is in the file of its module, not in a notebook's cell."""
    path = _source(function.__module__)
    if function.__module__ not in RUNNING or path is None:
        return path is not None
    return Path(function.__code__.co_filename).resolve() == path.resolve()


def _compiled_function(function: Any, known: frozenset[str] = frozenset()) -> str:
    """The code of a function without a source, with the functions and plain values it uses."""
    code, values = function.__code__, []
    for name in (name for name in code.co_names if name in function.__globals__ and name not in known):
        value = function.__globals__[name]
        if isinstance(value, FunctionType) and value.__globals__ is function.__globals__:
            values.append(f"{name} {_compiled_function(value, known | {name, function.__name__})}")
        elif isinstance(value, bool | int | float | str | tuple):
            values.append(f"{name} {value!r}")
    return f"{_compiled(code)} {function.__defaults__!r} {function.__kwdefaults__!r} {values}"


def _compiled(code: CodeType) -> str:
    """The instructions, names and constants of a function, without its location."""
    constants = [_compiled(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def network_version(model: Network) -> str:
    """The digest, 64 hexadecimal digits, of the classes of a network's modules, without PyTorch's."""
    kinds = {type(module) for module in model.modules()}
    own = [kind for kind in kinds if kind.__module__.partition(".")[0] != "torch"]
    text = "".join(sorted(f"{kind.__module__}.{kind.__qualname__} {_class_digest(kind)}\n" for kind in own))
    return hashlib.sha256(text.encode()).hexdigest()


def _class_digest(kind: type) -> str:
    try:
        source = textwrap.dedent(inspect.getsource(kind))
    except (OSError, TypeError):  # made while a program runs: only its name is known
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
    imports = set(_named_imports(name, tree))
    own = {one for one in imports if one.partition(".")[0] == package and _source(one) is not None}
    return tuple(sorted(own | {one for one in imports if _is_beside(one, name)}))


def _is_beside(name: str, other: str) -> bool:
    """Return True if a module is in the folder of a user's script or module without a package."""
    one, two = _source(name), _source(other)
    if one is None or two is None or "." in other or not _is_somebodys(other):
        return False
    return one.resolve().is_relative_to(two.resolve().parent)


def _is_somebodys(name: str) -> bool:
    """Return True if a module is not of this package, Python or an installed package."""
    path = _source(name)
    if path is None or name.partition(".")[0] == __name__.partition(".")[0]:
        return False
    installed = {"site-packages", "dist-packages", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
    return installed.isdisjoint(path.resolve().parts)


def _libraries(name: str) -> list[str]:
    """The installed libraries that a user's module imports, with their versions."""
    if not _is_somebodys(name):
        return []
    tops = {imported.partition(".")[0] for imported in _named_imports(name, _tree(name))}
    return [f"{library} {version(library)}" for top in tops for library in _distributions().get(top, [])]


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())


def _shown(name: str) -> str:
    """The name of a module in a digest: for a script or a loaded file, the file's name without its folder."""
    path = _source(name)
    return path.stem if path is not None and "." not in name and path.stem != "__init__" else name


def _named_imports(name: str, tree: ast.Module) -> Iterator[str]:
    """The full names that a module imports: modules, and names in them."""
    specification = None if name in RUNNING else importlib.util.find_spec(name)
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
    """The file of a module; None if it is not a module or has no file."""
    if name in RUNNING:
        running = getattr(sys.modules.get(name), "__file__", None)
        return Path(running) if running and running.endswith(".py") else None
    try:
        specification = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    path = Path(specification.origin) if specification and specification.origin else None
    return path if path and path.suffix == ".py" and inspect.getmodulename(str(path)) else None
