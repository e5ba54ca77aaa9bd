"""An explanation method: a local method and an aggregation, from images of a class to its map."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from explanations.attribution import validity
from explanations.attribution.local import Floats, Local, Parameters
from explanations.methods.aggregation import Aggregation, Counts, support, supported

CANCELLED = "the weights of its images cancel out"


@dataclass(frozen=True)
class ExplanationMethod:
    """A local method and an aggregation, with what a manifest says about them."""

    slug: str
    title: str
    reference: str
    local: Local
    aggregation: Aggregation

    @property
    def aggregate(self) -> Callable[[Floats], Floats]:
        """From the local weights of many images (n, pixels) to the class map (pixels,)."""
        return self.aggregation.combine

    def class_map(
        self, weights: Floats, label: str, parameters: Parameters, minimum_support: int = 1
    ) -> tuple[Floats, Counts]:
        """The class map (pixels,) of weights (n, pixels) of images of class `label`, and how many images
        chose each pixel (pixels,).

        Pixels that fewer than `minimum_support` images chose are 0. Raises ValueError for weights, or a map,
        that say nothing.
        """
        local = self.local
        validity.check_images(local.slug, label, weights, parameters.get("output"), local.zeros)
        counts = support(weights)
        if counts.max() < minimum_support:
            raise ValueError(
                f"{self.slug}: no pixel of class {label!r} was chosen by {minimum_support} of "
                f"{len(weights)} images, at most by {counts.max()}; ask for less with --minimum-support"
            )
        importance = supported(self.aggregate(weights), counts, minimum_support)
        reason = CANCELLED
        if not (weights > 0).any():
            reason = (
                f"the images' weights are all negative, and {self.aggregation.title} takes positive weights "
                f"only; {local.slug}:mean shows both"
            )
        validity.check_images(self.slug, label, importance[None], None, reason)
        return importance, counts

    def picked(self, weights: Floats, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """Of the images of these numbers and weights (n, pixels) those that the map is of, in the order of
        picking; none where it is of all."""
        pick = self.aggregation.pick
        return tuple(numbers[row] for row in pick(weights)) if pick else ()

    @property
    def signed(self) -> bool:
        """Whether a map has negative values that mean something."""
        return self.local.signed and self.aggregation.signed

    def contrast(self, label: str) -> "ExplanationMethod":
        """This method, asked about class `label` of the images of the other classes."""
        local = self.local.contrast(label)
        word = local.slug.removeprefix(f"{self.local.slug}-for-")
        reference = f"{self.reference}; for class {label}, from images of another"
        return replace(
            self,
            slug=f"{self.slug}-for-{word}",
            title=f"{self.title}, why not {label}",
            reference=reference,
            local=local,
        )
