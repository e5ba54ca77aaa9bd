"""Gradient methods of many noisy copies as local functions, with noise addressed by image.

Independent of aggregations.
"""

from collections.abc import Callable

from torch import nn

from explanations.attribution.local import Explain, Floats, Parameters, Sample
from explanations.running import randomness


def under_noise(slug: str, attribute: Callable[..., Floats]) -> Explain:
    """Make `attribute(model, images, target, seeds, samples, sigma, output, advance)` a local function."""

    def explain(
        model: nn.Module, sample: Sample, parameters: Parameters, advance: Callable[[int], None]
    ) -> Floats:
        address = (sample.seed, slug, sample.label)
        return attribute(
            model,
            sample.images,
            sample.target,
            seeds=[randomness.torch_seed(*address, number) for number in sample.numbers],
            samples=parameters["samples"],
            sigma=parameters["sigma"],
            output=parameters["output"],
            advance=advance,
        )

    explain.__wrapped__ = attribute  # type: ignore[attr-defined]
    return explain
