"""Sanity check: likeness of the map to that of a network with random parameters.

Adebayo et al. 2018, Sanity Checks for Saliency Maps, arXiv:1810.03292, section 3: layers are randomised from
the output towards the input, each on top of those before (cascading), or each alone (independent). A map that
still looks the same does not explain what the network has learned; likeness is Spearman's correlation of the
maps' sizes.
"""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from explanations.metrics.measures.stability import rank_correlation
from explanations.metrics.subject import Advance, Floats, NotMeasurableError, Parameters, Subject
from explanations.running import randomness


def layers(model: nn.Module) -> list[str]:
    """The names of the modules with parameters of their own, from the output to the input.

    In the order in which the model registers them, reversed: for most models that of the forward pass.
    """
    own = [name for name, module in model.named_modules() if any(True for _ in module.parameters(False))]
    return own[::-1]


def randomised(model: nn.Module, names: list[str], seed: int) -> nn.Module:
    """A copy of `model` with the parameters of the modules `names` as before any training.

    Each module's own `reset_parameters` is used; without one, the module's values are shuffled.
    """
    changed = copy.deepcopy(model)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for name in names:
            module = changed.get_submodule(name)
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
                continue
            for parameter in module.parameters(recurse=False):
                shuffled = parameter.flatten()[torch.randperm(parameter.numel())]
                parameter.copy_(shuffled.reshape(parameter.shape))
    return changed


def likeness(subject: Subject, images: Tensor, model: nn.Module, trained: Floats) -> float:
    """Spearman's correlation of the sizes of the map `trained` (H, W) and of the one that `model` gives.

    NaN where the method refuses to explain the randomised network.
    """
    try:
        importance = subject.require_method().map(model, images)
    except NotMeasurableError:
        raise
    except ValueError:
        return float("nan")
    return rank_correlation(np.abs(trained), np.abs(importance))


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """The likeness after each layer, cascading and independent: (layers,) values each."""
    images, names = subject.images, layers(subject.model)
    if not names:
        raise NotMeasurableError("the network has no parameters to randomise")
    seed = randomness.torch_seed(*subject.address, "sanity")
    trained = subject.require_method().map(subject.model, images)
    found: dict[str, list[float]] = {"cascading": [], "independent": []}
    for i, name in enumerate(names):
        for kind, chosen in (("cascading", names[: i + 1]), ("independent", [name])):
            found[kind].append(likeness(subject, images, randomised(subject.model, chosen, seed), trained))
            advance(len(images))
    return {kind: np.array(values) for kind, values in found.items()}
