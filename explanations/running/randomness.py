"""Random numbers addressed by their purpose, independent of order, batches and process count."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def generator(*address: object) -> np.random.Generator:
    """The generator that belongs to an address such as (seed, "lime", "masks", replicate): always the
    same."""
    return np.random.Generator(np.random.Philox(key=_digest(address) >> 128))


def torch_seed(*address: object) -> int:
    """A seed below 2**63 for torch.manual_seed that belongs to an address."""
    return _digest(address) >> 193


def normal(key: int, first: int, last: int, size: int) -> NDArray[np.float32]:
    """Standard normal numbers (last - first, size): row i is that of sample `first + i` of `key`, always.

    `key` is a seed of 64 bits, as `torch_seed` gives; each sample has a stretch of Philox's counter of its
    own, so that its numbers depend neither on how many there are nor on which are drawn together.
    """
    rows = np.empty((last - first, size), dtype=np.float32)
    philox = np.random.Philox(key=key)
    numbers = np.random.Generator(philox)
    state = philox.state  # as fresh: nothing in its buffer
    for row, sample in zip(rows, range(first, last), strict=True):
        state["state"]["counter"][3] = sample
        philox.state = state
        numbers.standard_normal(out=row, dtype=np.float32)
    return rows


def _digest(address: tuple[object, ...]) -> int:
    return int.from_bytes(hashlib.sha256(repr(address).encode()).digest(), "big")
