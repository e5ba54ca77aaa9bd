"""Weights of networks as safetensors: read into a network, or refused in one line that says why.

A pickle, which can run any code when it is loaded, is recognised and never opened. A file is mapped into
memory and copied tensor by tensor, so it takes no memory besides the network's.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import safetensors
import torch
from torch import Tensor, nn

# The beginnings of PyTorch's own files, which are zipped pickles, and of bare pickles of protocols 2 to 5
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
WRAPPERS = ("module.", "_orig_mod.", "model.")  # DataParallel, torch.compile, Lightning
COUNTER = "num_batches_tracked"  # of batch normalisation
NAMED = 3  # tensors named in a message


def fill(model: nn.Module, path: Path, factory: str) -> None:
    """Read the weights in `path` into `model`, which `factory` makes: all of them and no others.

    Raises ValueError that names the first tensors that do not fit.
    """
    expected = model.state_dict()
    tensors = dict(sorted(_unwrapped(read(path), expected.keys()).items()))
    problems = {
        "missing": _missing(expected, tensors),
        "unknown to the network": [name for name in tensors if name not in expected],
        "of another shape": [
            f"{name} is {_shape(tensor)} where the network has {_shape(expected[name])}"
            for name, tensor in tensors.items()
            if name in expected and tensor.shape != expected[name].shape
        ],
    }
    if any(problems.values()):
        reasons = "; ".join(f"{what}: {_few(names)}" for what, names in problems.items() if names)
        raise ValueError(f"{path}: does not fit {factory}; {reasons}")
    model.load_state_dict(tensors, strict=False)


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, mapped into memory, every one finite. Raises ValueError."""
    beginning = _beginning(path)
    try:
        with safetensors.safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is not a mapping
    except safetensors.SafetensorError as error:
        if beginning.startswith(PICKLES):
            raise ValueError(
                f"{path}: is a pickle, which can run any code, and is not loaded; if you trust it, load it "
                "yourself and save it with safetensors.torch.save_model(model, 'weights.safetensors')"
            ) from None
        raise ValueError(f"{path}: is not a safetensors file ({error})") from None
    for name, tensor in tensors.items():
        if not _is_finite(tensor):
            raise ValueError(f"{path}: {name} has values that are not finite; name other weights")
    return tensors


def sha256(path: Path) -> str:
    """SHA-256 of a file of weights, which is read again only after a change. Raises ValueError."""
    _beginning(path)
    status = Path(path).stat()
    return _sha256(Path(path), status.st_size, status.st_mtime_ns)


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of weights that are in no file: of their names, types, shapes and bytes."""
    whole = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return whole.hexdigest()


def untied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without those that are the memory of another."""
    first: dict[tuple[int, int], str] = {}
    for name, tensor in tensors.items():
        first.setdefault((tensor.data_ptr(), tensor.numel()) if tensor.numel() else (0, id(tensor)), name)
    return {name: tensors[name] for name in first.values()}


@lru_cache(maxsize=16)
def _sha256(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beginning(path: Path) -> bytes:
    """The first bytes of a file of weights. Raises ValueError where it can't be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}); name a safetensors file") from None


def _is_finite(tensor: Tensor) -> bool:
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    return all(bool(torch.isfinite(end)) for end in torch.aminmax(tensor))


def _unwrapped(tensors: dict[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """The tensors without the prefix of a wrapper, if every name has it and the network's have not."""
    for prefix in WRAPPERS:
        bare = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        if all(name.startswith(prefix) for name in tensors) and set(bare) & set(names):
            return bare
    return tensors


def _missing(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> list[str]:
    """Names without a tensor, except those tied to one that is there (they share memory), and counters of
    batches, which old files lack and only training reads."""
    known = {expected[name].data_ptr() for name in tensors if name in expected}
    return [
        name
        for name, tensor in expected.items()
        if name not in tensors and tensor.data_ptr() not in known and not name.endswith(COUNTER)
    ]


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"


def _few(names: list[str]) -> str:
    """The first of the names, and how many more there are."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
