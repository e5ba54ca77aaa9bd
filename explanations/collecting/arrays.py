"""Attributions of any layout as maps (N, H, W): NumPy arrays, tensors of any library, lists of either."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAYOUTS = "(N, H, W), (N, C, H, W) or (N, H, W, C)"
MOST_CHANNELS = 4  # the last axis holds channels only if it is this short


def to_array(values: Any, name: str) -> NDArray[Any]:
    """`values` as a NumPy array. Tensors are detached and brought to the processor.

    Raises TypeError if they are not numbers.
    """
    for method in ("detach", "cpu"):  # PyTorch's tensors
        if hasattr(values, method):
            values = getattr(values, method)()
    if isinstance(values, Sequence) and not isinstance(values, str):
        arrays = [to_array(value, name) for value in values]
        if len({array.shape for array in arrays}) > 1:
            raise TypeError(f"{name}: the arrays of the list have several shapes; give one array an image")
        values = np.stack(arrays) if arrays else np.empty(0)
    array = np.asarray(values)
    if array.dtype == object or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise TypeError(f"{name}: holds {array.dtype}; allowed: numbers")
    return array


def to_maps(values: Any, name: str) -> tuple[Floats, int]:
    """Maps (N, H, W) of `values`, and over how many channels they were summed.

    Allowed are (N, H, W), (N, C, H, W) and (N, H, W, C). The last axis holds channels if it has at most 4
    places and the second has more. Raises ValueError for another shape, for values that are not finite and
    for arrays without maps; TypeError for what is not numbers.
    """
    array = to_array(values, name)
    if array.ndim == 5:
        raise ValueError(
            f"{name}: has shape {array.shape}, with an axis for the outputs of the model; "
            "choose one output of each image, as in values[..., k]"
        )
    if array.ndim not in (3, 4) or 0 in array.shape:
        raise ValueError(f"{name}: has shape {array.shape}; allowed: {LAYOUTS}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: has values that are not finite; replace them first")
    array = array.astype(np.float64)
    if array.ndim == 3:
        return array, 1
    axis = 3 if array.shape[3] <= MOST_CHANNELS < array.shape[1] else 1
    return array.sum(axis=axis), array.shape[axis]


def to_map(values: Any, name: str) -> tuple[Floats, int]:
    """The map (H, W) of one image, and over how many channels it was summed.

    Allowed are (H, W), (C, H, W) and (H, W, C), each also with an axis of length 1 before it.
    """
    array = to_array(values, name)
    maps, channels = to_maps(array if array.ndim == 4 or _is_stack(array) else array[None], name)
    if len(maps) != 1:
        raise ValueError(f"{name}: has {len(maps)} maps; expected one")
    return maps[0], channels


def _is_stack(array: NDArray[Any]) -> bool:
    """Return True for one map (1, H, W), whose first axis could also be a channel: the sum is the same."""
    return array.ndim == 3 and array.shape[0] == 1
