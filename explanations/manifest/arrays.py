"""Arrays of one shape, float32 (H, W), in a safetensors file: https://huggingface.co/docs/safetensors#format.

Read here rather than by that package, which the site does not install; this needs only NumPy.
"""

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from explanations.manifest.files import ManifestError, read_file
from explanations.manifest.json_objects import are_counts, as_json
from explanations.running.atomic_files import write_atomically

# NumPy's types of safetensors' types that are read from files made elsewhere
DTYPES = {
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    **{f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)},
    "BOOL": "?",
}

Maps = dict[str, np.ndarray[Any, np.dtype[np.float32]]]


def read(folder: Path, name: str) -> Maps:
    """Read the arrays by key, all of one shape and finite. Raises ManifestError."""
    header, data = _split(name, read_file(folder, name))
    arrays = {key: _array(name, key, entry, data) for key, entry in sorted(header.items())}
    for key, array in arrays.items():
        first = next(iter(arrays))
        if array.shape != arrays[first].shape:
            raise ManifestError(
                f"{name}: {key!r} has shape {array.shape}, but {first!r} has {arrays[first].shape}; "
                "all maps of a set have one shape"
            )
        if not np.isfinite(array).all():
            raise ManifestError(f"{name}: {key!r} has values that are not finite; build the set again")
    return arrays


def read_tensors(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays by key of any safetensors file, of any shape. Raises ValueError."""
    try:
        header, data = _split(str(path), path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    tensors = {}
    for key, entry in sorted(header.items()):
        if not isinstance(entry, dict) or entry.get("dtype") not in DTYPES:
            raise ValueError(f"{path}: {key!r} is not one of {', '.join(DTYPES)}; save it as F32")
        dtype, shape, offsets = DTYPES[entry["dtype"]], entry.get("shape", []), entry.get("data_offsets", [])
        if not are_counts(shape) or not are_counts(offsets) or len(offsets) != 2:
            raise ValueError(f"{path}: {key!r} has no shape and place; save the file again")
        block = data[offsets[0] : offsets[1]]
        if len(block) != np.dtype(dtype).itemsize * math.prod(shape):
            raise ValueError(f"{path}: {key!r} does not lie within the file; save the file again")
        tensors[key] = np.frombuffer(block, dtype=dtype).reshape(shape)
    return tensors


def write(folder: Path, name: str, arrays: Maps) -> None:
    """Write the arrays: keys sorted, little-endian, atomically."""
    header, blocks, offset = {}, [], 0
    for key in sorted(arrays):
        block = np.ascontiguousarray(arrays[key], dtype="<f4").tobytes()
        shape = list(arrays[key].shape)
        header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the data begins at a multiple of 8 bytes
    write_atomically(folder / name, struct.pack("<Q", len(text)) + text + b"".join(blocks))


def _split(name: str, content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header's entries and the bytes that they point into."""
    length = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else 0
    if not 2 <= length <= len(content) - 8:
        raise ManifestError(f"{name}: is not a safetensors file; build the set again")
    try:
        header = json.loads(content[8 : 8 + length].decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ManifestError(f"{name}: its header is not valid JSON; build the set again") from None
    if not isinstance(header, dict):
        raise ManifestError(f"{name}: its header is not a JSON object; build the set again")
    header.pop("__metadata__", None)
    return header, content[8 + length :]


def _array(name: str, key: str, entry: Any, data: bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    entry = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = (entry.get(field) for field in ("dtype", "shape", "data_offsets"))
    if dtype != "F32" or not _are_two(shape, 1):
        raise ManifestError(
            f"{name}: {key!r} is {as_json(dtype)} {as_json(shape)}; allowed: F32 of shape [height, width]"
        )
    if not _are_two(offsets, 0) or offsets[1] - offsets[0] != 4 * math.prod(shape) or offsets[1] > len(data):
        raise ManifestError(f"{name}: {key!r} does not lie within the file; build the set again")
    return np.frombuffer(data[offsets[0] : offsets[1]], dtype="<f4").astype(np.float32).reshape(shape)


def _are_two(value: Any, minimum: int) -> bool:
    return are_counts(value, minimum) and len(value) == 2
