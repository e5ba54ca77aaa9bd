"""Error curves of retrained networks, by method and share of features removed.

Networks of one seed have the same initial weights, batches and dropout, so errors are compared seed by seed
with that of the network which sees every feature. Trains nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

Order = tuple[str, int, float]  # method, replicate, share removed
WHOLE: Order = ("", 0, 0.0)  # nothing removed
Errors = Mapping[tuple[str, int, float, int], float]  # an order and the number of the seed; in [0, 1]


@dataclass(frozen=True)
class Point:
    """One share removed: the test error in [0, 1] of each seed's network, and how much of it was gained
    beyond the error of the seed's network that sees every feature."""

    share: float
    errors: tuple[float, ...]
    gained: tuple[float, ...]


@dataclass(frozen=True)
class Curve:
    """The points of one method and replicate, by the share removed; the first is 0, the same for all."""

    metric: str  # slug
    method: str  # slug
    replicate: int
    points: tuple[Point, ...]

    @property
    def by_seed(self) -> list[float]:
        """Each seed's mean error over the shares removed, in percent."""
        removed = np.array([point.errors for point in self.points if point.share > 0])  # (shares, seeds)
        return [100 * float(error) for error in removed.mean(axis=0)]


def curves(metric: str, found: Errors) -> list[Curve]:
    """A curve for each method and replicate in `found`, in its order."""
    shares = sorted({key[2] for key in found})
    whole = _errors(found, WHOLE)
    return [
        Curve(
            metric,
            *owner,
            tuple(
                _point(share, _errors(found, (*owner, share) if share else WHOLE), whole) for share in shares
            ),
        )
        for owner in dict.fromkeys(key[:2] for key in found)
        if owner != WHOLE[:2]
    ]


def gains(listed: Iterable[Curve], method: str, share: float) -> list[float]:
    """The error gained by each seed, in percentage points, mean over the method's replicates."""
    points = [p for curve in listed if curve.method == method for p in curve.points if p.share == share]
    return [100 * float(gain) for gain in np.mean([point.gained for point in points], axis=0)]


def _point(share: float, errors: tuple[float, ...], whole: tuple[float, ...]) -> Point:
    return Point(share, errors, tuple(here - there for here, there in zip(errors, whole, strict=True)))


def _errors(found: Errors, order: Order) -> tuple[float, ...]:
    """The errors of an order, by the number of the seed."""
    numbers = sorted({key[3] for key in found})
    return tuple(found[*order, number] for number in numbers)
