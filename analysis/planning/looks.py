"""Interim looks at a running study: O'Brien-Fleming bounds for a p-value at each look.

Fractions of the planned participants come in; z and p bounds go out. A study that stops only where p is below
the bound of the look controls the type I error over all looks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import optimize, stats

from analysis import formatting as fmt
from analysis.numerics.quadrature import gauss_legendre
from analysis.significance import ALPHA, check_alpha


@dataclass(frozen=True)
class Looks:
    """The bounds of interim looks: a study may stop at a look where its p is below that of `p`.

    `fractions` of the planned participants in (0, 1]; `z` and two-sided `p`, one for each look.
    """

    fractions: tuple[float, ...]
    z: tuple[float, ...]
    p: tuple[float, ...]
    alpha: float

    def __str__(self) -> str:
        rows = [
            (fmt.percent(fraction), f"{z:.3f}", fmt.p_value(p))
            for fraction, z, p in zip(self.fractions, self.z, self.p, strict=True)
        ]
        title = f"O'Brien-Fleming bounds, alpha {self.alpha:g} over all looks: stop if p is below the bound"
        return f"{title}\n" + fmt.text_table(("Participants so far", "z", "p"), rows)


def looks(fractions: Sequence[float], alpha: float = ALPHA) -> Looks:
    """Compute the bounds of O'Brien and Fleming (1979), Biometrics 35:549.

    `fractions` of the participants must increase and end with 1. The bound of z is proportional to
    1 / sqrt(fraction); its constant makes the probability of crossing any bound equal to `alpha`. Raises
    ValueError.
    """
    times = [float(fraction) for fraction in fractions]
    if not times or times[0] <= 0 or abs(times[-1] - 1) > 1e-9 or times != sorted(set(times)):
        given = ", ".join(map(str, times)) or "none"
        raise ValueError(f"looks must be increasing fractions above 0 that end with 1 (got {given})")
    check_alpha(alpha)
    constant = optimize.brentq(lambda c: _stays_within(c, times) - (1 - alpha), 0.1, 9, xtol=1e-12)
    z = tuple(float(constant) / math.sqrt(time) for time in times)
    return Looks(tuple(times), z, tuple(float(2 * stats.norm.sf(x)) for x in z), alpha)


def _stays_within(bound: float, times: Sequence[float]) -> float:
    """The probability that a Brownian motion is within plus and minus `bound` at each of the times.

    The density of the paths that have not crossed is carried from look to look (Armitage, McPherson and Rowe
    1969, Journal of the Royal Statistical Society A 132:235).
    """
    nodes, weights = gauss_legendre(120)
    x, w = (2 * nodes - 1) * bound, 2 * weights * bound
    density, before = stats.norm.pdf(x, scale=math.sqrt(times[0])), times[0]
    for time in times[1:]:
        step = math.sqrt(time - before)
        density, before = stats.norm.pdf(x[:, None] - x[None, :], scale=step) @ (density * w), time
    return float(density @ w)
