"""A gradient method of many noisy copies as a local function: every image's noise has an address of its own.
Knows no aggregation.
"""

from collections.abc import Callable

from torch import nn

from explanations import randomness
from explanations.local import Explain, Floats, Parameters, Sample


def under_noise(slug: str, attribute: Callable[..., Floats]) -> Explain:
    """`attribute(model, images, index, seeds, samples, sigma, target, advance)` of all images of a sample."""

    def explain(
        model: nn.Module, sample: Sample, parameters: Parameters, advance: Callable[[int], None]
    ) -> Floats:
        address = (sample.seed, slug, sample.label)
        return attribute(
            model,
            sample.images,
            sample.index,
            seeds=[randomness.torch_seed(*address, number) for number in sample.numbers],
            samples=parameters["samples"],
            sigma=parameters["sigma"],
            target=parameters["target"],
            advance=advance,
        )

    explain.__wrapped__ = attribute  # type: ignore[attr-defined]
    return explain
