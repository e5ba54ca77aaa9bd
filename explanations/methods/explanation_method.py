"""An explanation method: how single images are explained, and how their explanations become a class map."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from explanations.attribution import validity
from explanations.attribution.local import Floats, Local, Parameters
from explanations.methods.aggregation import Aggregation, Counts, support, supported

CANCELLED = "the weights of its images cancel out"


@dataclass(frozen=True)
class ExplanationMethod:
    """A local method, images to weights (n, pixels), with an aggregation, weights to a map (pixels,)."""

    slug: str
    title: str
    reference: str
    local: Local
    aggregation: Aggregation

    @property
    def aggregate(self) -> Callable[[Floats], Floats]:
        """The function from the weights of many images (n, pixels) to the class map (pixels,)."""
        return self.aggregation.combine

    def class_map(
        self, weights: Floats, label: str, parameters: Parameters, minimum_support: int = 1
    ) -> tuple[Floats, Counts]:
        """Aggregate weights (n, pixels) of images of class `label` to a map (pixels,).

        Also counts the images that chose each pixel (pixels,). Pixels that fewer than `minimum_support`
        images chose are 0. Raises ValueError for weights, or a map, that are empty.
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
        """The numbers of the images that the map aggregates, in the order of picking; () if it takes all.

        `weights` (n, pixels) are those of the images with these `numbers`.
        """
        pick = self.aggregation.pick
        return tuple(numbers[row] for row in pick(weights)) if pick else ()

    @property
    def signed(self) -> bool:
        """Return True if negative values of a map are meaningful."""
        return self.local.signed and self.aggregation.signed

    def contrast(self, label: str) -> "ExplanationMethod":
        """This method with respect to class `label` on images of the other classes: a contrastive map."""
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
