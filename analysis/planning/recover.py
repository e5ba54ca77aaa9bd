"""Which study a published result came from: totals of votes, F and p in, the designs that fit them out.

From the totals follows the mean square between methods, and so from F that within them, how much more than
chance participants differ, and from F and its degrees of freedom p. A p that no design gives is a sign of a
misprint or of another test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import optimize

from analysis import formatting as fmt
from analysis.numerics.tails import f_tail

KINDS = {"one-way ANOVA": 0, "repeated-measures ANOVA": 1}


@dataclass(frozen=True)
class Fit:
    """A design in which the printed F has the printed p, each within its rounding.

    `F` is the one that p implies, more digits than were printed; `ms_within` the variance of participants'
    shares, `overdispersion` its ratio to that of independent votes, `icc` the intra-class correlation.
    """

    test: str
    n: int
    votes: float
    df: tuple[int, int]
    F: float
    ms_within: float
    overdispersion: float
    icc: float | None


@dataclass(frozen=True)
class Recovery:
    """All designs that fit; none where `fits` is empty."""

    totals: tuple[int, ...]
    fits: tuple[Fit, ...]
    n_tried: int

    def __str__(self) -> str:
        if not self.fits:
            return (
                f"No design fits: none of {fmt.counted(self.n_tried, 'way')} to divide "
                f"{fmt.counted(sum(self.totals), 'vote')} among participants gives this F this p."
            )
        headings = ("Test", "Participants", "Votes each", "df", "F", "MS within", "Overdispersion", "ICC")
        rows = [
            (
                fit.test,
                fmt.count(fit.n),
                f"{fit.votes:g}",
                f"{fit.df[0]}, {fit.df[1]}",
                fmt.decimal(fit.F, 4),
                fmt.decimal(fit.ms_within, 6),
                fmt.decimal(fit.overdispersion, 3),
                fmt.UNDEFINED if fit.icc is None else fmt.decimal(fit.icc, 4),
            )
            for fit in self.fits
        ]
        return fmt.text_table(headings, rows)


def recover(totals: Sequence[int], f: str, p: str, participants: int | None = None) -> Recovery:
    """Try every number of participants that divides the votes, or `participants` alone.

    `f` and `p` are taken as printed, such as "338" and "5.22e-100": what was rounded away is allowed for.
    Raises ValueError.
    """
    if len(totals) < 2 or min(totals) < 0 or sum(totals) < 2:
        raise ValueError("totals must be two or more whole numbers of votes that are not all zero")
    n_votes, k = sum(totals), len(totals)
    f_low, f_high = rounded(f, "F")
    log_low, log_high = (math.log10(end) for end in rounded(p, "p"))
    sizes = [participants] if participants else [n for n in range(2, n_votes + 1) if n_votes % n == 0]
    if participants is not None and participants < 2:
        raise ValueError(f"participants are {participants}; allowed are 2 or more")
    fits = []
    for n in sizes:
        for test, repeated in KINDS.items():
            df = (k - 1, (k - repeated) * (n - 1))
            smallest, largest = (f_tail(end, *df)[1] for end in (f_high, f_low))
            if smallest <= log_high and largest >= log_low:
                target = math.log10(float(p))
                F = _f_of(target, df, f_low, f_high)
                fits.append(_fit(totals, n, df, F, test))
    return Recovery(tuple(totals), tuple(fits), len(sizes) * len(KINDS))


def rounded(text: str, name: str) -> tuple[float, float]:
    """The ends between which a printed number was rounded: "338" gives 337.5 to 338.5. Both are above 0."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}; allowed is a number, such as 338 or 5.22e-100") from None
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    half = 0.5 * 10.0 ** (int(exponent or 0) - decimals)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {text}; it must be above 0")
    return max(value - half, value * 1e-3), value + half


def _f_of(log10_p: float, df: tuple[int, int], low: float, high: float) -> float:
    """The F between the ends whose p it is; the nearer end where there is none."""

    def excess(f: float) -> float:
        return f_tail(f, *df)[1] - log10_p

    if excess(low) <= 0:
        return low
    if excess(high) >= 0:
        return high
    return float(optimize.brentq(excess, low, high, xtol=1e-12))


def _fit(totals: Sequence[int], n: int, df: tuple[int, int], F: float, test: str) -> Fit:
    shares = [total / sum(totals) for total in totals]
    k, votes = len(totals), sum(totals) / n
    between = n * sum((share - 1 / k) ** 2 for share in shares)
    # F_repeated = (k - 1) / k F_one-way: shares that add up to 1 leave no variance between participants.
    ms_within = between / (k - 1) / F * ((k - 1) / k if test.startswith("repeated") else 1)
    overdispersion = ms_within / (sum(share * (1 - share) for share in shares) / (votes * k))
    icc = (overdispersion - 1) / (votes - 1) if votes > 1 else None
    return Fit(test, n, votes, df, F, ms_within, overdispersion, icc)
