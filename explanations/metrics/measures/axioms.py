"""Axioms that a method guarantees: completeness and implementation invariance of its weights.

Sundararajan et al. 2017, Axiomatic Attribution for Deep Networks, arXiv:1703.01365, sections 2.2 and 3. Both
are measured only for methods that guarantee them, as errors: 0 where the guarantee holds.
"""

import copy
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from explanations.metrics.subject import Advance, Floats, Parameters, Subject, lacks
from explanations.models.class_scores import scores
from explanations.running import randomness

# Allowed between two linear layers: functions of each unit alone.
UNITWISE: tuple[type[nn.Module], ...] = (
    *(nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.Tanh, nn.Sigmoid),
    *(nn.Identity, nn.Dropout),
)


def incompleteness(
    model: nn.Module, images: Tensor, target: int, weights: Floats, baselines: list[Tensor], output: str
) -> Floats:
    """Measure |sum of weights - change| over |change|, of the score from its mean over baselines: (n,).

    `weights` (n, pixels) of `images` (n, C, H, W), each with its `baselines` (m, C, H, W). NaN where the
    score does not change.
    """
    references = [scores(model, each, target, output).mean() for each in baselines]
    promised = scores(model, images, target, output) - np.array(references)
    error = np.abs(weights.sum(axis=1) - promised)
    size = np.abs(promised)
    return np.asarray(np.divide(error, size, out=np.full(len(error), np.nan), where=size > 0))


def equivalent(model: nn.Module, seed: int, pairs: int = 16) -> nn.Module:
    """Another network that computes the same function: `pairs` of new hidden units that cancel out.

    Both units of a pair have the same random weights in, and opposite ones out, between two linear layers of
    a torch.nn.Sequential with nothing but functions of each unit between. Raises NotMeasurableError.
    """
    if not isinstance(model, nn.Sequential):
        raise lacks("hidden")
    changed = copy.deepcopy(model)
    first, second = _neighbours(changed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        incoming = torch.randn(pairs, first.in_features) * first.weight.std()
        outgoing = torch.randn(second.out_features, pairs) * second.weight.std()
    new_first = nn.Linear(first.in_features, first.out_features + 2 * pairs, bias=first.bias is not None)
    new_second = nn.Linear(second.in_features + 2 * pairs, second.out_features, bias=second.bias is not None)
    with torch.no_grad():
        new_first.weight.copy_(torch.cat([first.weight, incoming, incoming]))
        new_second.weight.copy_(torch.cat([second.weight, outgoing, -outgoing], dim=1))
        if first.bias is not None:
            new_first.bias.copy_(torch.cat([first.bias, first.bias.new_zeros(2 * pairs)]))
        if second.bias is not None:
            new_second.bias.copy_(second.bias)
    for name, module in list(changed.named_children()):
        replacement = {id(first): new_first, id(second): new_second}.get(id(module), module)
        setattr(changed, name, replacement)
    return changed.eval().requires_grad_(False)


def _neighbours(model: nn.Sequential) -> tuple[nn.Linear, nn.Linear]:
    """The last two linear layers with nothing but functions of each unit between."""
    children = [module for module in model if not isinstance(module, UNITWISE)]
    for first, second in reversed(list(pairwise(children))):
        if isinstance(first, nn.Linear) and isinstance(second, nn.Linear):
            return first, second
    raise lacks("hidden")


def complete(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """The relative error of completeness of every image."""
    method, images = subject.require_method(), subject.images
    if method.baselines is None:
        raise lacks("complete")
    weights = method.local(subject.model, images)
    advance(len(images))
    asked = (subject.target, weights, method.baselines(images), method.output)
    return {"incompleteness": incompleteness(subject.model, images, *asked)}


def invariant(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """Relative change of every image's weights when the network is rewritten equivalently."""
    method, images = subject.require_method(), subject.images
    if not method.invariant:
        raise lacks("invariant")
    other = equivalent(subject.model, randomness.torch_seed(*subject.address, "equivalent"))
    before, after = (method.local(model, images) for model in (subject.model, other))
    advance(2 * len(images))
    size = np.linalg.norm(before, axis=1)
    moved = np.linalg.norm(after - before, axis=1)
    return {"variance": np.divide(moved, size, out=np.full(len(moved), np.nan), where=size > 0)}
