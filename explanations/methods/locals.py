"""Local methods by their addresses, which mean the same in every process."""

from functools import lru_cache

from explanations.methods.registry import LOCALS, Local


@lru_cache(maxsize=1000)
def find_local(address: str, counter: str | None = None) -> Local:
    """The local method at an address, asked about class `counter` if there is one. Raises ValueError.

    An address is a slug of the registry.
    """
    local = LOCALS[address]
    return local.about(counter) if counter is not None else local
