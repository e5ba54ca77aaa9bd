"""Users' own methods by import path: `package.module:function`, `./file.py:function`, Captum's classes.

A function of a program that runs now, a script or a notebook, has a path as well: that of the script's file,
or one that only this process knows. A path means the same in every process that can read the file or import
the module.
"""

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from explanations.running.code_version import RUNNING, code_version

Function = Callable[..., Any]

HERE = "this-process"  # in place of a module: functions that no other process can find
_known: dict[str, Function] = {}


def is_path(text: str) -> bool:
    """Return True if `text` names a file, as in `./file.py`, rather than a module."""
    return text.startswith(("./", "../", "/", "~")) or text.endswith(".py")


def normalise(written: str) -> str:
    """The address of `module:name` or `file.py:name` as people write it: files are absolute."""
    place, _, name = written.rpartition(":")
    return f"{Path(place).expanduser().resolve()}:{name}" if is_path(place) else written


def shorten(address: str) -> str:
    """An address as people write it: files below the current folder are relative."""
    place, _, name = address.rpartition(":")
    if is_path(place) and Path(place).is_relative_to(Path.cwd()):
        return f"./{Path(place).relative_to(Path.cwd())}:{name}"
    return address


def register(function: Function) -> str:
    """The address of a function or class of the running program. Raises ValueError or TypeError."""
    if not (inspect.isfunction(function) or inspect.isclass(function)):
        raise TypeError(
            f"a method is a function or a class of Captum (got a {type(function).__name__}); wrap it in a "
            "function explain(model, inputs, targets)"
        )
    name = function.__qualname__
    captured = function.__code__.co_freevars if inspect.isfunction(function) else ()
    if captured:
        raise ValueError(
            f"{name} uses variables of the function around it ({', '.join(captured)}); make them keyword "
            "parameters with defaults"
        )
    address = _address(function)
    _known[address] = function
    return address


def _address(function: Function) -> str:
    module, name = sys.modules.get(function.__module__), function.__qualname__
    file = getattr(module, "__file__", None)
    is_main = function.__module__ in RUNNING
    if module is None or "<" in name or (is_main and not _is_from(function, file)):
        code = code_version(function) if inspect.isfunction(function) else repr(function)
        return f"{HERE}-{code[:12]}:{name.rpartition('.')[2]}"
    if is_main or _is_loaded_file(module):
        return f"{Path(str(file)).resolve()}:{name}"
    return f"{function.__module__}:{name}"


def _is_from(function: Function, file: str | None) -> bool:
    """Return True if a function of the running program is in its file, not a notebook's cell."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return file is not None and (code is None or Path(code.co_filename).resolve() == Path(file).resolve())


def load(address: str) -> Function:
    """The function or class at an address. Raises ValueError with what is wrong with it."""
    if address in _known:
        return _known[address]
    place, _, name = address.rpartition(":")
    if place.startswith(HERE):
        raise ValueError(
            f"{name} is a function of a notebook or inside another function, which other processes cannot "
            f"find; write it to a file, as in ./mymethod.py:{name}, or leave --workers and --scheduler out"
        )
    found: Any = _load_file(Path(place), address) if is_path(place) else _import(place, address)
    for part in name.split("."):
        if not hasattr(found, part):
            public = [key for key, value in vars(found).items() if _is_public(key, value, found)]
            allowed = f"; it has {', '.join(public[:10])}" if public else ""
            raise ValueError(f"{shorten(address)}: there is no {name!r} in {place}{allowed}")
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"{shorten(address)}: is a {type(found).__name__}, which cannot be called")
    return found  # type: ignore[no-any-return]


def _is_public(name: str, value: object, module: ModuleType) -> bool:
    return not name.startswith("_") and getattr(value, "__module__", None) == module.__name__


def _import(name: str, address: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = "install it, or run from the folder that has it; a file is ./file.py:name"
        raise ValueError(f"{address}: {error}; {missing}") from None
    except Exception as error:  # a user's module that fails when it is imported
        raise ValueError(f"{address}: {name} fails with {describe(error)}") from None


def _load_file(path: Path, address: str) -> ModuleType:
    running = sys.modules.get("__main__")  # a script that other processes have run as a module already
    if getattr(running, "__file__", None) and Path(str(running.__file__)).resolve() == path:  # type: ignore[union-attr]
        return running  # type: ignore[return-value]
    name = _module_name(path)
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise ValueError(f"{shorten(address)}: cannot find the file {path}")
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ValueError(f"{shorten(address)}: {path} is not a Python file; its name must end with .py")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # for modules beside it
    module = sys.modules[name] = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:  # whatever a user's file raises
        del sys.modules[name]
        raise ValueError(f"{shorten(address)}: {path.name} fails with {describe(error)}") from None
    return module


def _module_name(path: Path) -> str:
    word = re.sub(r"\W", "_", path.stem)
    return f"beholder_file_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{word}"


def _is_loaded_file(module: ModuleType) -> bool:
    return module.__name__.startswith("beholder_file_")


def describe(error: Exception) -> str:
    """The type and message of an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
