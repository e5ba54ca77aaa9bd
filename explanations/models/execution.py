"""Execution of networks: blocks of copies of one image, one thread per block, several at once.

A block depends on nothing but the image, its samples and their number, and a single thread computes it. So
neither the number of threads, nor other images, nor the order of the work change a byte. Several blocks at
once use all processors without barriers at which the threads of one operation wait for each other. If there
is a CUDA device, it is used instead of the processor. Independent of methods and data sets.
"""

import copy
import ctypes
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, fx, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.utils import fuse_conv_bn_eval

from explanations.models import functional_layers
from explanations.running.processes import processors

# Values of a block's images together: 250 images of 28 x 28, whose activations fit a processor's cache.
BLOCK_VALUES = 250 * 28 * 28
SMALLEST_BLOCK, LARGEST_BLOCK = 8, 250  # images; fewer than 8 only where memory demands it
BLOCK_BYTES = 384 << 20  # of a block's activations: in ResNet50 those of four images of 224 x 224

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of glibc's malloc.h
LARGEST_MMAP_THRESHOLD = 32 << 20  # bytes, the most that glibc takes
KEPT = 512 << 20  # bytes of freed memory that may stay with the process

DEVICES = ("cpu", "cuda")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Execution:
    """The device of DEVICES on which networks run, and how many blocks run at once on the processor."""

    threads: int
    device: str


_current: ContextVar[Execution | None] = ContextVar("execution", default=None)


def default_device() -> str:
    """Return "cuda" if PyTorch has a CUDA device, otherwise "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def current() -> Execution:
    """The settings of `run_on`; by default all processors, and the CUDA device if there is one."""
    return _current.get() or Execution(processors(), default_device())


@contextmanager
def run_on(threads: int | None = None, device: str | None = None) -> Iterator[Execution]:
    """Inside, networks run with this number of threads and on this device. Raises ValueError."""
    chosen = Execution(threads or processors(), device or default_device())
    if chosen.device not in DEVICES:
        raise ValueError(f"--device is {chosen.device!r}; allowed: {', '.join(DEVICES)}")
    if chosen.device == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: PyTorch finds no CUDA device; leave --device out, or say cpu")
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)


class _Limit:
    """The number of threads inside `single_threaded`, and the settings to restore after the last one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.before = 1
        self.blas: Any = None

    def __enter__(self) -> None:
        with self.lock:
            if self.inside == 0:
                self.before = torch.get_num_threads()
                self.blas = threadpool_limits(limits=1, user_api="blas")
            self.inside += 1
            torch.set_num_threads(1)  # PyTorch keeps a setting for each thread, too

    def __exit__(self, *raised: object) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                self.blas.restore_original_limits()
                torch.set_num_threads(self.before)


_limit = _Limit()


def single_threaded() -> AbstractContextManager[None]:
    """Inside, PyTorch, NumPy and SciPy compute in one thread, so rounding depends on no setting."""
    return _limit


@contextmanager
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that start jobs in the order in which they are submitted, each computing in one thread.

    A job may wait for jobs that were submitted before it. If the body raises, jobs that have not started are
    dropped.
    """
    settings = current()
    workers = settings.threads if settings.device == "cpu" else 1
    with single_threaded(), ThreadPoolExecutor(workers) as threads:
        try:
            yield threads
        except BaseException:
            threads.shutdown(wait=True, cancel_futures=True)
            raise


def block_size(network: Callable[[Tensor], Tensor], image: Tensor) -> int:
    """Return how many images like `image` (C, H, W) go through `network` at once, 1 to LARGEST_BLOCK.

    The size depends only on the network and the shape of the image, not on the memory of the machine:
    rounding can depend on the size, so an explanation needs the same size everywhere.
    """
    by_values = min(LARGEST_BLOCK, max(SMALLEST_BLOCK, BLOCK_VALUES // image.numel()))
    known = _BYTES.setdefault(network, {})
    if image.shape not in known:
        known[image.shape] = activation_bytes(network, image)
    return min(by_values, max(1, BLOCK_BYTES // max(1, known[image.shape])))


# By network, and by the shape of an image.
_BYTES: "WeakKeyDictionary[Callable[[Tensor], Tensor], dict[torch.Size, int]]" = WeakKeyDictionary()


def activation_bytes(network: Callable[[Tensor], Tensor], image: Tensor) -> int:
    """Measure the bytes that autograd keeps for a backward pass of one image (C, H, W), without parameters.

    It takes one forward pass. 0 if the output is not differentiable.
    """
    parameters = network.parameters() if isinstance(network, nn.Module) else ()
    own = {parameter.untyped_storage().data_ptr() for parameter in parameters}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # the tensor itself would be a cycle, and nothing would free it

    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        output = network(image[None].detach().clone().requires_grad_().clone())  # networks may write into it
    del output
    return sum(size for place, size in kept.items() if place not in own)


def blocks(samples: int, size: int) -> list[tuple[int, int]]:
    """Return the first and the last sample (exclusive) of each block of at most `size` of `samples`."""
    return [(first, min(first + size, samples)) for first in range(0, samples, size)]


def over_blocks(compute: Callable[[int, int], Result], samples: int, size: int) -> list[Result]:
    """Return `compute(first, last)` for each block, in order; several threads compute them."""
    with pool() as threads:
        return list(threads.map(compute, *zip(*blocks(samples, size), strict=True)))


_PLACED: "WeakKeyDictionary[nn.Module, tuple[str, nn.Module]]" = WeakKeyDictionary()


def place(model: nn.Module) -> nn.Module:
    """Return the model on the current device: itself on the processor, elsewhere a copy kept as long as it.

    The one place that moves a model for methods and metrics, whose tensors then follow their images' device.
    """
    device = current().device
    if device == "cpu":
        return model
    kept = _PLACED.get(model)
    if kept is None or kept[0] != device:
        kept = _PLACED[model] = device, copy.deepcopy(model).to(device)
    return kept[1]


# By model: the values of its parameters, the device, and the faster model that replaces it, if any.
_OPTIMISED: "WeakKeyDictionary[nn.Module, tuple[object, nn.Module | None]]" = WeakKeyDictionary()


def optimise(model: nn.Module, example: Tensor) -> nn.Module:
    """The model on the current device, in a faster form with the same outputs where there is one.

    Batch normalisation becomes part of the convolution before it, and max pooling of 2 x 2 pixels is done by
    comparisons. The outputs for the images `example` (n, C, H, W) must be the same, to 1e-3 of the largest.
    A model that torch.fx cannot trace keeps its normalisation. `model` itself does not change.
    """
    if model.training:
        return place(model)
    parameters = [*model.parameters(), *model.buffers()]
    state = current().device, [float(parameter.detach().sum()) for parameter in parameters]
    if model not in _OPTIMISED or _OPTIMISED[model][0] != state:
        _OPTIMISED[model] = state, _faster(model, example)
    return _OPTIMISED[model][1] or place(model)


def _faster(model: nn.Module, example: Tensor) -> nn.Module | None:
    """Return a faster copy of the model on the current device, or None."""
    folded = _folded(model) if _has_batch_normalisation(model) else None
    if folded is not None and not agree(model, folded, example):
        folded = None
    pooled = _pooled(folded or model)
    if pooled is not None and agree(model, pooled, example):
        return pooled.to(current().device)
    return folded and folded.to(current().device)


def _has_batch_normalisation(model: nn.Module) -> bool:
    return any(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def _folded(model: nn.Module) -> nn.Module | None:
    """A copy without the batch normalisations that directly follow a convolution; None if tracing fails."""
    try:
        traced = fx.symbolic_trace(copy.deepcopy(model))
    except Exception:  # torch.fx raises whatever the traced code raises
        return None
    functional_layers.make_modules(traced)
    modules = dict(traced.named_modules())
    calls = Counter(str(node.target) for node in traced.graph.nodes if node.op == "call_module")
    for node in list(traced.graph.nodes):
        before = node.args[0] if node.op == "call_module" and node.args else None
        if not isinstance(before, fx.Node) or before.op != "call_module" or len(before.users) > 1:
            continue
        names = str(before.target), str(node.target)
        convolution, normalisation = (modules[name] for name in names)
        foldable = type(convolution) is nn.Conv2d and type(normalisation) is nn.BatchNorm2d
        foldable = foldable and normalisation.running_mean is not None
        if foldable and all(calls[name] == 1 for name in names):
            traced.set_submodule(names[0], fuse_conv_bn_eval(convolution, normalisation))
            node.replace_all_uses_with(before)
            traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    traced.eval().requires_grad_(False)
    traced.__dict__["link"] = getattr(model, "link", "softmax")  # which torch.fx does not keep
    return traced


class _MaxPool2d(nn.MaxPool2d):
    """Max pooling of squares of 2 x 2 pixels in half of PyTorch's time, which also finds their places.

    The places serve a backward pass, so with gradients enabled PyTorch's own runs.
    """

    def forward(self, images: Tensor) -> Tensor:
        if torch.is_grad_enabled() or not images.is_contiguous(memory_format=torch.channels_last):
            result: Tensor = super().forward(images)
            return result
        height, width = (2 * (side // 2) for side in images.shape[2:])
        rows = torch.maximum(images[:, :, 0:height:2], images[:, :, 1:height:2])
        maxima: Tensor = torch.maximum(rows[..., 0:width:2], rows[..., 1:width:2])
        return maxima


def _pooled(model: nn.Module) -> nn.Module | None:
    """Return a copy with _MaxPool2d, which shares all tensors, or None if there is nothing to replace."""
    names = [name for name, module in model.named_modules() if name and _halves(module)]
    if not names:
        return None
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    try:
        copied = copy.deepcopy(model, shared)
    except Exception:  # whatever a user's code raises
        return None
    for name in names:
        copied.set_submodule(name, _MaxPool2d(2))
    return copied.eval()


def _halves(module: nn.Module) -> bool:
    """Return whether a module is max pooling of squares of 2 x 2 pixels, side by side."""
    if type(module) is not nn.MaxPool2d:
        return False
    settings = (module.kernel_size, module.stride, module.padding, module.dilation)
    plain = all(
        value in (wanted, (wanted, wanted)) for value, wanted in zip(settings, (2, 2, 0, 1), strict=True)
    )
    return plain and not module.return_indices and not module.ceil_mode


def agree(model: nn.Module, other: nn.Module, images: Tensor) -> bool:
    """Return whether `other` and `model` have the same outputs for `images`, to 1e-3 of the largest."""
    with torch.inference_mode():
        expected = model(images)
        try:
            outputs = other(images)
        except Exception:  # whatever a modified network raises
            return False
    return is_close(expected, outputs, 1e-3)


def is_close(expected: Tensor, outputs: Tensor, share: float) -> bool:
    """Return True if outputs differ by at most `share` of the largest expected one.

    At least the rounding error of its type is allowed.
    """
    if expected.shape != outputs.shape:
        return False
    tolerance = max(share, 8 * torch.finfo(expected.dtype).eps) * float(expected.abs().max())
    return float((expected - outputs).abs().max()) <= tolerance


def lay_out(model: nn.Module, images: Tensor) -> None:
    """Lay out the weights of convolutions with channels innermost, much faster on processors, if that works.

    A network may rely on the usual layout, as by `.view` behind a convolution: where its outputs for `images`
    (n, C, H, W) are no longer the same, its weights are left as they are.
    """
    before = {parameter: parameter.data for parameter in model.parameters() if parameter.ndim == 4}
    with torch.inference_mode():
        expected = model(images)
    for parameter in before:
        # written anew, for `contiguous` leaves the strides of a single channel as they are, at half the speed
        anew = torch.empty_like(parameter.data, memory_format=torch.channels_last)
        parameter.data = anew.copy_(parameter.data)
    try:
        with torch.inference_mode():
            outputs = model(images)
        works = is_close(expected, outputs, 1e-3)
    except Exception:  # whatever a user's code raises
        works = False
    if not works:
        for parameter, data in before.items():
            parameter.data = data


def keep_memory() -> bool:
    """Keep freed memory with the process, for the next block to use. Returns whether that worked.

    glibc returns blocks of more than 128 kB, such as activations, to the system as soon as they are freed.
    Every new one then costs a page fault for each 4 kB, up to half the time of a backward pass. Commands and
    workers call this; a program that imports the package decides for itself.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library than glibc
        return False
    settings = ((M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD), (M_TRIM_THRESHOLD, KEPT), (M_ARENA_MAX, 1))
    return all(mallopt(option, value) == 1 for option, value in settings)
