"""Every method on a device that is not the processor's: everything it needs is moved there, and back.

The device is PyTorch's "meta", with values. Its tensors hold their values on the processor, and refuse what
tensors on a CUDA device refuse: NumPy, and any operation together with a tensor of the processor, except a
single number. This cannot show that a CUDA device gives the right numbers, but that every tensor is moved.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

from explanations.attribution import baselines
from explanations.methods.registry import LOCALS, Sample
from explanations.models import classifiers, execution
from explanations.models.class_scores import scores

NAME = "meta"
FEW = {
    "samples": 5,
    "steps": 40,
    "algorithm": "fast",
    "background": 3,
    "positions": 5,
    "segments": 12,
    "shared_by": 10,
}
SLOW = ("xrai", "lime-quickshift")
NAMES = [pytest.param(slug, marks=pytest.mark.slow) if slug in SLOW else slug for slug in LOCALS]


CONVOLUTIONS = {"convolution", "conv2d"}
OPERATIONS: set[str] = set()  # that tensors of the device have gone through
# Which of a pair of tensors may be on the processor, as on CUDA: the indices of a tensor there.
INDEXING = {"index", "index_put_", "_index_put_impl_"}


class Elsewhere(Tensor):
    """A tensor on the device NAME."""

    values: Tensor

    @staticmethod
    def __new__(cls, values: Tensor) -> "Elsewhere":
        made = Tensor._make_wrapper_subclass(
            cls, values.shape, values.stride(), values.storage_offset(), dtype=values.dtype, device=NAME
        )
        made.values = values
        return made

    @property
    def data(self) -> Tensor:
        return self.detach()

    @data.setter
    def data(self, other: "Elsewhere") -> None:
        self.values = other.values

    def __deepcopy__(self, memo: object) -> "Elsewhere":
        return type(self)(self.values.clone())

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(function, args, kwargs or {})


class OtherDevice(TorchDispatchMode):
    """Inside, tensors that are made on the device NAME, or moved there, are Elsewhere."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(function, args, kwargs or {})


def computed(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What an operation gives, there or here."""
    name = function.overloadpacket.__name__
    flat, _ = tree_flatten((args, kwargs))
    there = [value for value in flat if isinstance(value, Elsewhere)]
    here = [value for value in flat if isinstance(value, Tensor) and not isinstance(value, Elsewhere)]
    asked = kwargs.get("device")
    if any(value.device.type == NAME for value in here):
        raise RuntimeError(f"{name}: a tensor that was made on the device without its knowledge")
    OPERATIONS.update([name] if there else [])
    if there and any(value.ndim for value in here) and name not in {"copy_", *INDEXING}:
        raise RuntimeError(f"{name}: expected all tensors to be on the same device")
    kwargs = {key: value for key, value in kwargs.items() if key != "device" or value is None}
    if asked is not None:
        kwargs["device"] = torch.device("cpu")
    inner_args, inner_kwargs = tree_map_only(Elsewhere, lambda value: value.values, (args, kwargs))
    result = function(*inner_args, **inner_kwargs)
    goes = bool(there) if asked is None else torch.device(asked).type == NAME
    if not goes:
        return result
    if name.endswith("_") and not name.startswith("_"):  # written in place
        return args[0]
    return tree_map_only(Tensor, Elsewhere, result)


class _Threads(ThreadPoolExecutor):
    """Threads that know the other device."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, initializer=lambda: OtherDevice().__enter__())


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside, networks run on another device than the processor."""
    monkeypatch.setattr(execution, "DEVICES", ("cpu", NAME))
    monkeypatch.setattr(execution, "ThreadPoolExecutor", _Threads)
    OPERATIONS.clear()
    with OtherDevice(), execution.run_on(threads=1, device=NAME):
        yield


def weights(slug: str, model: nn.Module, images: Tensor, **changes: object) -> np.ndarray:
    local = LOCALS[slug]
    parameters = {**local.defaults, **{key: FEW[key] for key in FEW if key in local.defaults}, **changes}
    given = baselines.choose_background(parameters, images, 0)
    sample = Sample(0, "1", 1, 1, (0,), images[:1], background=given)
    with execution.run_on(threads=1, device="cpu"):
        expected = local.attribute(model, sample, parameters, lambda count: None)
    found = local.attribute(model, sample, parameters, lambda count: None)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    return found


@pytest.mark.parametrize("slug", NAMES)
@pytest.mark.usefixtures("elsewhere")
def test_every_method_works_on_another_device(
    slug: str, rectified_model: nn.Module, bright_images: Tensor
) -> None:
    weights(slug, rectified_model, bright_images)
    assert CONVOLUTIONS & OPERATIONS or slug == "random"


@pytest.mark.usefixtures("elsewhere")
def test_an_inner_layer_is_explained_on_another_device(
    rectified_model: nn.Module, bright_images: Tensor
) -> None:
    weights("gradientshap", rectified_model, bright_images, layer="0")


@pytest.mark.parametrize("baseline", ["mean", "blur", "images"])
@pytest.mark.usefixtures("elsewhere")
def test_baselines_are_moved_to_another_device(
    baseline: str, rectified_model: nn.Module, bright_images: Tensor
) -> None:
    weights("deeplift", rectified_model, bright_images, baseline=baseline)


@pytest.mark.usefixtures("elsewhere")
def test_metrics_take_their_scores_from_another_device(
    rectified_model: nn.Module, bright_images: Tensor
) -> None:
    found = scores(rectified_model, bright_images, 1, "logit")
    assert CONVOLUTIONS & OPERATIONS
    np.testing.assert_allclose(found, rectified_model(bright_images)[:, 1], rtol=1e-5)


@pytest.mark.usefixtures("elsewhere")
def test_predictions_are_made_on_another_device(rectified_model: nn.Module, bright_images: Tensor) -> None:
    found = classifiers.predict(rectified_model, bright_images)
    assert CONVOLUTIONS & OPERATIONS
    assert torch.equal(found, rectified_model(bright_images).argmax(dim=1))


@pytest.mark.usefixtures("elsewhere")
def test_the_other_device_refuses_what_is_left_on_the_processor(
    rectified_model: nn.Module, bright_images: Tensor
) -> None:
    with pytest.raises(RuntimeError, match="expected all tensors to be on the same device"):
        execution.place(rectified_model)(bright_images)
