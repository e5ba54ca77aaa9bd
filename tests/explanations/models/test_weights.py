import hashlib
import re
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from explanations.models import weights


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


@pytest.fixture
def trained() -> nn.Module:
    """A network with weights of its own."""
    torch.manual_seed(4)
    return network()


def saved(tensors: dict[str, Tensor], folder: Path) -> Path:
    safetensors.torch.save_file(tensors, folder / "w.safetensors")
    return folder / "w.safetensors"


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model."])
def test_weights_are_read_also_from_within_a_wrapper(trained: nn.Module, tmp_path: Path, prefix: str) -> None:
    path = saved({prefix + name: tensor for name, tensor in trained.state_dict().items()}, tmp_path)
    model = network()
    weights.fill(model, path, "a:b")
    assert all(torch.equal(tensor, trained.state_dict()[name]) for name, tensor in model.state_dict().items())


def test_half_precision_becomes_single(trained: nn.Module, tmp_path: Path) -> None:
    path = saved({name: tensor.half() for name, tensor in trained.state_dict().items()}, tmp_path)
    model = network()
    weights.fill(model, path, "a:b")
    assert model.state_dict()["3.weight"].dtype == torch.float32


def test_old_weights_without_counters_of_batches_are_read(trained: nn.Module, tmp_path: Path) -> None:
    tensors = {name: t for name, t in trained.state_dict().items() if "num_batches" not in name}
    weights.fill(network(), saved(tensors, tmp_path), "a:b")


def test_tied_weights_need_to_be_there_once(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    tensors = {name: t for name, t in model.state_dict().items() if name != "1.weight"}
    weights.fill(model, saved(tensors, tmp_path), "a:b")


def test_all_that_does_not_fit_is_named(trained: nn.Module, tmp_path: Path) -> None:
    tensors = dict(trained.state_dict()) | {"head.bias": torch.zeros(2), "0.weight": torch.zeros(2, 3, 3, 3)}
    del tensors["3.bias"]
    path = saved(tensors, tmp_path)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        weights.fill(network(), path, "a:b")
    assert str(caught.value) == (
        f"{path}: does not fit a:b; missing: 3.bias; unknown to the network: head.bias; "
        "of another shape: 0.weight is 2 x 3 x 3 x 3 where the network has 2 x 1 x 3 x 3"
    )


def test_of_many_names_three_are_given(trained: nn.Module, tmp_path: Path) -> None:
    path = saved({"3.bias": torch.zeros(3)}, tmp_path)
    expected = "missing: 0.weight, 0.bias, 1.weight and 4 more"
    with pytest.raises(ValueError, match=re.escape(expected)):
        weights.fill(network(), path, "a:b")


def test_weights_that_are_not_finite_are_refused(trained: nn.Module, tmp_path: Path) -> None:
    tensors = dict(trained.state_dict())
    tensors["3.bias"] = torch.tensor([0.0, float("nan"), 0.0])
    with pytest.raises(ValueError, match=r"w.safetensors: 3.bias has values that are not finite; name"):
        weights.fill(network(), saved(tensors, tmp_path), "a:b")


def test_a_header_that_begins_as_a_pickle_does_is_read_all_the_same(tmp_path: Path) -> None:
    """A header of 0x280 bytes begins with 80 02, as pickles of protocol 2 do."""
    content = safetensors.torch.save({"a": torch.zeros(1)}, {"padding": "x" * 550})
    for length in range(500, 620):
        content = safetensors.torch.save({"a": torch.zeros(1)}, {"padding": "x" * length})
        if content[:2] == b"\x80\x02":
            break
    (tmp_path / "w.safetensors").write_bytes(content)
    assert content[:2] == b"\x80\x02"
    assert list(weights.read(tmp_path / "w.safetensors")) == ["a"]


def test_a_file_is_hashed_again_only_after_it_has_changed(tmp_path: Path) -> None:
    path = saved({"a": torch.zeros(1)}, tmp_path)
    first = weights.sha256(path)
    assert first == hashlib.sha256(path.read_bytes()).hexdigest()
    saved({"a": torch.ones(2)}, tmp_path)
    assert weights.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest() != first


def test_weights_in_no_file_have_a_digest_of_names_and_values(trained: nn.Module) -> None:
    tensors = trained.state_dict()
    assert weights.digest(tensors) == weights.digest(dict(reversed(tensors.items())))
    assert weights.digest(tensors) != weights.digest(tensors | {"3.bias": tensors["3.bias"] + 1})


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_reading_weights_takes_no_memory_besides_the_network(tmp_path: Path) -> None:
    """A file of 64 MiB is mapped: the private memory of the process grows by less than a quarter of it."""
    path = saved({"weight": torch.zeros(4096, 4096)}, tmp_path)
    model = nn.Linear(4096, 4096, bias=False)
    before = private_kilobytes()
    weights.fill(model, path, "a:b")
    assert private_kilobytes() - before < 16 * 1024


def private_kilobytes() -> int:
    """The memory of this process that is not of a file."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
