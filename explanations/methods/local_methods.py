"""Local methods by their addresses, which mean the same in every process."""

from dataclasses import replace
from functools import lru_cache

from explanations.methods.import_paths import Function, load
from explanations.methods.own_methods import make_local
from explanations.methods.registry import LOCALS, METHODS, Local


def find_local(address: str, counter: str | None = None) -> Local:
    """The local method at an address, with respect to class `counter` if given. Raises ValueError.

    An address is a slug of the registry or an import path, as `import_paths.normalise` gives it.
    """
    local = LOCALS[address] if address in LOCALS else _own_local(address, load(address))
    return local.contrast(counter) if counter is not None else local


@lru_cache(maxsize=1000)
def _own_local(address: str, function: Function) -> Local:
    """The function at an address as a local method, with a slug that no method of the registry has."""
    local = make_local(address, function)
    if local.slug in METHODS or local.slug in LOCALS:
        return replace(local, slug=f"{local.slug}-own", title=f"{local.title} (own)")
    return local
