"""Keep-And-Retrain (KAR) and Remove-And-Retrain (ROAR): errors of networks retrained without features.

KAR removes the features that a map ranks as unimportant, ROAR those that it ranks as important.

Hooker et al. 2019, A Benchmark for Interpretability Methods in Deep Neural Networks, arXiv:1806.10758; KAR as
in Ahern et al. 2019, arXiv:1909.04200, section 5. A share of the features is replaced by its mean in all
images, training and test, and the network is trained again from scratch. One order of the features serves
all images: one for each class would write the label into the image.

Networks of one seed train together: the same initial weights, batches and dropout, so that methods are
compared under equal luck; `torch.func` runs many in one pass.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Recipe:
    """Untuned training settings of every network: AdamW with one learning-rate cycle."""

    epochs: int = 3
    batch: int = 128
    rate: float = 2e-3
    decay: float = 1e-2


@dataclass(frozen=True)
class Split:
    """Images `(N, C, H, W)`, of pixels or of a layer's units, and labels `(N,)`."""

    images: Tensor
    labels: Tensor


def errors(
    make: Callable[[], nn.Module],
    training: Split,
    test: Split,
    kept: Tensor,
    seed: int,
    recipe: Recipe,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> list[float]:
    """The test errors, in [0, 1], of as many networks as `kept` (R, C or 1, H, W) has rows, trained together.

    `make()` gives an untrained network; `kept` says which features each may see: the others are their mean
    over the training images. Apart from rounding, a network's error depends on its seed and features, not on
    the others. `on_step(done, total)` is called after every batch.
    """
    mean = training.images.mean(dim=0)  # (C, H, W)
    count = len(kept)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make().train().requires_grad_(True)
        parameters, buffers = _stacked(network, count)
        skeleton = copy.deepcopy(network).to("meta")
        run = _together(skeleton)
        optimiser = torch.optim.AdamW(parameters.values(), lr=recipe.rate, weight_decay=recipe.decay)
        batches = -(-len(training.images) // recipe.batch)
        total = recipe.epochs * batches
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=total)
        for step in range(total):
            if step % batches == 0:
                drawn = torch.split(torch.randperm(len(training.images)), recipe.batch)
            batch = drawn[step % batches]
            optimiser.zero_grad()
            seen = _seen(training.images[batch], kept, mean)
            logits = run(parameters, buffers, seen)  # (R, batch, classes)
            labels = training.labels[batch].expand(count, -1)
            # the sum over networks of each one's mean loss: none has a part in another's gradient
            loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum") / len(batch)
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            on_step(step + 1, total)
    skeleton.eval()
    return _test_errors(run, parameters, buffers, test, kept, mean)


def shares(text: str) -> list[float]:
    """The shares of "10 50 90" percent, in (0, 1), in their order, each once. Raises ValueError."""
    words = text.replace(",", " ").split()
    if not words or not all(word.isdecimal() and 0 < int(word) < 100 for word in words):
        raise ValueError(f"the shares are {text!r}; allowed: percents from 1 to 99, as in '10 50 90'")
    return [percent / 100 for percent in sorted(set(map(int, words)))]


def kept_by(places: Tensor, share: float, keep: bool) -> Tensor:
    """A mask of the features that stay when `share` of them are removed.

    `places` (features,) holds their ranks, 0 the most important. With `keep` the least
    important are removed (KAR), without it the most important (ROAR).
    """
    gone = round(share * places.numel())
    return places < places.numel() - gone if keep else places >= gone


def _stacked(network: nn.Module, count: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """`count` copies of the network's parameters and buffers, each stacked in one tensor (count, ...).

    The weights of convolutions are laid out channels innermost: a processor trains a quarter faster so.
    """

    def copies(tensor: Tensor) -> Tensor:
        if tensor.ndim == 4:
            return tensor.detach().permute(0, 2, 3, 1)[None].repeat(count, 1, 1, 1, 1).permute(0, 1, 4, 2, 3)
        return tensor.detach()[None].repeat(count, *[1] * tensor.ndim)

    parameters = {name: copies(value).requires_grad_() for name, value in network.named_parameters()}
    return parameters, {name: copies(value) for name, value in network.named_buffers()}


def _together(skeleton: nn.Module) -> Callable[[dict[str, Tensor], dict[str, Tensor], Tensor], Tensor]:
    """A function of stacked parameters, buffers and images (R, n, C, H, W) that gives logits (R, n, classes).

    A single network goes without `vmap`, whose grouped convolutions cost it time.
    """

    def one(parameters: dict[str, Tensor], buffers: dict[str, Tensor], images: Tensor) -> Any:
        return functional_call(skeleton, {**parameters, **buffers}, (images,))

    def run(parameters: dict[str, Tensor], buffers: dict[str, Tensor], images: Tensor) -> Tensor:
        if len(images) == 1:
            alone = [{name: value[0] for name, value in part.items()} for part in (parameters, buffers)]
            logits: Tensor = one(alone[0], alone[1], images[0])
            return logits[None]
        # "same": the networks share their dropout, so that their number changes no network's
        many: Tensor = vmap(one, randomness="same")(parameters, buffers, images)
        return many

    return run


def _seen(images: Tensor, kept: Tensor, mean: Tensor) -> Tensor:
    """(n, C, H, W) as each network sees them: (R, n, C, H, W)."""
    return torch.where(kept[:, None], images, mean)


def _test_errors(
    run: Callable[..., Tensor],
    parameters: dict[str, Tensor],
    buffers: dict[str, Tensor],
    test: Split,
    kept: Tensor,
    mean: Tensor,
) -> list[float]:
    wrong = torch.zeros(len(kept), dtype=torch.int64)
    with torch.no_grad():
        for start in range(0, len(test.images), EVALUATION_BATCH):
            part = slice(start, start + EVALUATION_BATCH)
            logits = run(parameters, buffers, _seen(test.images[part], kept, mean))
            wrong += (logits.argmax(dim=2) != test.labels[part]).sum(dim=1)
    return [int(number) / len(test.labels) for number in wrong]
