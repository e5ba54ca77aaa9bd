"""Random numbers addressed by what they are for, so that no order, batch or process count changes them."""

import hashlib

import numpy as np


def generator(*address: object) -> np.random.Generator:
    """The generator that belongs to an address such as (seed, "lime", "masks", replicate): always the
    same."""
    return np.random.Generator(np.random.Philox(key=_digest(address) >> 128))


def torch_seed(*address: object) -> int:
    """A seed below 2**63 for torch.manual_seed that belongs to an address."""
    return _digest(address) >> 193


def _digest(address: tuple[object, ...]) -> int:
    return int.from_bytes(hashlib.sha256(repr(address).encode()).digest(), "big")
