import subprocess
import sys
import threading
import time

import pytest
import torch
from torch import Tensor, nn

from explanations.models import execution

IMAGE = torch.zeros(1, 28, 28)

MAPPED = """
import ctypes, sys, torch
from explanations.models import execution

class Information(ctypes.Structure):  # of malloc.h
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Information
assert sys.argv[1] == "return" or execution.keep_memory()
before = mallinfo().hblks
activations = torch.ones(2_000_000)
print(mallinfo().hblks - before)
"""


def test_blocks_hold_every_sample_once() -> None:
    assert execution.blocks(600, 250) == [(0, 250), (250, 500), (500, 600)]


@pytest.mark.parametrize(("shape", "size"), [((1, 28, 28), 250), ((3, 32, 32), 63), ((3, 224, 224), 8)])
def test_large_images_come_in_small_blocks(shape: tuple[int, int, int], size: int) -> None:
    assert execution.block_size(nn.Flatten(), torch.zeros(shape)) == size


def test_a_block_holds_as_many_images_as_the_memory_for_activations(monkeypatch: pytest.MonkeyPatch) -> None:
    """ReLU keeps its output: 784 numbers of 4 bytes."""
    monkeypatch.setattr(execution, "BLOCK_BYTES", 5 * 784 * 4)
    assert execution.block_size(nn.ReLU(), IMAGE) == 5


def test_a_block_holds_one_image_where_not_even_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "BLOCK_BYTES", 784)
    assert execution.block_size(nn.ReLU(), IMAGE) == 1


def test_the_activations_of_a_network_are_counted_without_its_weights() -> None:
    """The rectified image and the rectified ten outputs, of 4 bytes each."""
    network = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(784, 10), nn.ReLU()).requires_grad_(False)
    assert execution.activation_bytes(network, IMAGE) == (784 + 10) * 4


def test_a_network_that_writes_into_its_input_is_measured_and_the_image_is_left_as_it_is() -> None:
    image = -torch.ones(1, 28, 28)
    assert execution.activation_bytes(nn.ReLU(inplace=True), image) == 784 * 4
    assert image.max() == -1


def test_a_network_without_gradients_has_blocks_by_the_size_of_its_images() -> None:
    assert execution.block_size(lambda images: images.detach().flatten(1), IMAGE) == 250


@pytest.mark.parametrize("threads", [1, 2])
def test_results_of_blocks_come_in_order(threads: int) -> None:
    with execution.run_on(threads=threads):
        assert execution.over_blocks(lambda first, last: (first, last), 5, 2) == [(0, 2), (2, 4), (4, 5)]


def test_a_job_may_wait_for_those_before_it_even_with_one_thread() -> None:
    with execution.run_on(threads=1), execution.pool() as pool:
        first = pool.submit(lambda: 2)
        assert pool.submit(lambda: first.result() + 1).result() == 3


def test_several_jobs_run_at_once() -> None:
    both = threading.Barrier(2, timeout=5)
    with execution.run_on(threads=2), execution.pool() as pool:
        assert {job.result() for job in [pool.submit(both.wait), pool.submit(both.wait)]} == {0, 1}


def test_a_job_computes_in_one_thread_and_the_setting_is_as_before_after_it() -> None:
    before = torch.get_num_threads()
    with execution.run_on(threads=2), execution.pool() as pool:
        assert pool.submit(torch.get_num_threads).result() == 1
    assert torch.get_num_threads() == before


def test_what_is_left_to_do_is_dropped_after_an_error() -> None:
    done = []

    def interrupted() -> None:
        with execution.run_on(threads=1), execution.pool() as pool:
            for i in range(50):
                pool.submit(lambda i=i: (time.sleep(0.01), done.append(i)))
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert len(done) < 10


def test_an_unknown_device_is_refused() -> None:
    with (
        pytest.raises(ValueError, match=r"^--device is 'tpu'; allowed: cpu, cuda$"),
        execution.run_on(device="tpu"),
    ):
        pass


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    expected = r"^--device cuda: PyTorch finds no CUDA device; leave --device out, or say cpu$"
    with pytest.raises(ValueError, match=expected), execution.run_on(device="cuda"):
        pass


def test_the_cuda_device_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with execution.run_on():
        assert execution.current().device == "cuda"


class Block(nn.Module):
    """Convolution, normalisation, and around them a connection that needs the convolution's own output."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.convolution, self.normalisation = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)
        self.shared = shared

    def forward(self, images: Tensor) -> Tensor:
        between = self.convolution(images)
        out = self.normalisation(between)
        return (out + between if self.shared else out).flatten(1)


def seasoned(model: nn.Module) -> nn.Module:
    """The model in evaluation mode, with running statistics that are not those of the start."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return model.eval().requires_grad_(False)


def normalisations(model: nn.Module, images: Tensor) -> int:
    """How many batch normalisations a pass goes through."""
    passed = []
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(lambda *_: passed.append(1))
    model(images)
    return len(passed)


@pytest.mark.parametrize(("shared", "left"), [(False, 0), (True, 1)])
def test_normalisation_becomes_part_of_a_convolution_that_nothing_else_needs(
    shared: bool, left: int, bright_images: Tensor
) -> None:
    model = seasoned(Block(shared))
    faster = execution.optimise(model, bright_images)
    torch.testing.assert_close(faster(bright_images), model(bright_images))
    assert normalisations(faster, bright_images) == left
    assert normalisations(model, bright_images) == 1


def test_a_model_that_cannot_be_traced_is_run_as_it_is(bright_images: Tensor) -> None:
    class Moody(Block):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images) if images.sum() > 0 else images

    model = seasoned(Moody(False))
    assert execution.optimise(model, bright_images) is model


def test_a_folded_model_that_disagrees_is_not_used(
    bright_images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "fuse_conv_bn_eval", lambda convolution, normalisation: convolution)
    model = seasoned(Block(False))
    assert execution.optimise(model, bright_images) is model


@pytest.mark.parametrize("side", [8, 9])
def test_pooling_without_gradients_is_done_by_comparisons_with_the_same_bytes(side: int) -> None:
    model = nn.Sequential(nn.Identity(), nn.MaxPool2d(2)).eval()
    images = torch.randn(5, 16, side, side).contiguous(memory_format=torch.channels_last)
    faster = execution.optimise(model, images)
    assert type(faster[1]) is not type(model[1])
    with torch.inference_mode():
        assert torch.equal(faster(images), model(images))


def test_pooling_with_gradients_is_pytorchs() -> None:
    """At a tie the gradient goes to one pixel, as PyTorch's does; that of comparisons would be shared."""
    model = nn.Sequential(nn.MaxPool2d(2)).eval()
    images = torch.ones(1, 16, 2, 2).contiguous(memory_format=torch.channels_last).requires_grad_()
    [slope] = torch.autograd.grad(execution.optimise(model, images)(images).sum(), images)
    assert slope[0, 0].flatten().tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("pooling", [nn.MaxPool2d(3), nn.MaxPool2d(2, 1), nn.MaxPool2d(2, padding=1)])
def test_other_pooling_is_left_as_it_is(pooling: nn.Module) -> None:
    model = nn.Sequential(pooling).eval()
    assert execution.optimise(model, torch.zeros(1, 16, 6, 6)) is model


def test_a_faster_form_is_made_once_and_anew_for_other_weights(bright_images: Tensor) -> None:
    model = seasoned(Block(False))
    first = execution.optimise(model, bright_images)
    assert execution.optimise(model, bright_images) is first
    model.convolution.weight.data *= 2
    faster = execution.optimise(model, bright_images)
    torch.testing.assert_close(faster(bright_images), model(bright_images))


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution.ctypes, "CDLL", lambda name: object())
    assert execution.keep_memory() is False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
@pytest.mark.parametrize(("mode", "mapped"), [("return", "1"), ("keep", "0")])
def test_activations_come_from_memory_that_stays_with_the_process(mode: str, mapped: str) -> None:
    """Memory that is mapped for one tensor goes back to the system with it."""
    command = [sys.executable, "-c", MAPPED, mode]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip() == mapped
