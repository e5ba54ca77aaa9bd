"""Result of loading from a hub: the network with its weights and their metadata."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from explanations.datasets.preprocessing import Preprocessing


@dataclass(frozen=True)
class Network:
    """A network as its author wrote it, with weights.

    `weights_sha256` is "" if its weights cannot be read. `title` names the weights, `categories` are the
    names of the outputs in their order, each perhaps with further names behind commas, and `preprocessing` is
    what the weights were trained with; empty or None where that is not known.
    """

    model: nn.Module
    weights_sha256: str
    title: str = ""
    categories: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None


@contextmanager
def tensors_only() -> Iterator[None]:
    """Inside, PyTorch unpickles only tensors, whatever a library requests."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
