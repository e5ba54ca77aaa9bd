"""The designs from which a published result can come: totals of votes, F and p in, designs out.

The totals give the mean square between methods. With F they give that within methods, and so how much more
than by chance participants differ; F and its degrees of freedom give p. A p that no design gives points to a
misprint or to another test.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import optimize

from analysis import formatting as fmt
from analysis.numerics.tails import f_tail

KINDS = {"one-way ANOVA": 0, "repeated-measures ANOVA": 1}


@dataclass(frozen=True)
class Fit:
    """A design in which the printed F has the printed p, each within its rounding or bound.

    `F` is the one that p implies, with more digits than were printed; where p is a bound, it is the printed
    one. `ms_within` is the variance of participants' shares, `overdispersion` its ratio to that of
    independent votes, `icc` the intraclass correlation. `p` is that of `F`.
    """

    test: str
    n: int
    votes: float
    df: tuple[int, int]
    F: float
    ms_within: float
    overdispersion: float
    icc: float | None
    p: float
    log10_p: float


@dataclass(frozen=True)
class Recovery:
    """The designs that fit, and how many were tried; `bounded` says that p was printed as a bound."""

    totals: tuple[int, ...]
    fits: tuple[Fit, ...]
    n_tried: int
    bounded: bool = False

    def __str__(self) -> str:
        if not self.fits:
            ways = fmt.counted(self.n_tried, "design")
            votes = fmt.counted(sum(self.totals), "vote")
            return f"No design fits: none of {ways} that divide {votes} equally gives this F this p."
        headings = (
            "Test",
            "Participants",
            "Votes each",
            "df",
            "F",
            "p",
            "MS within",
            "Overdispersion",
            "ICC",
        )
        rows = [
            (
                fit.test,
                fmt.count(fit.n),
                f"{fit.votes:g}",
                f"{fit.df[0]}, {fit.df[1]}",
                fmt.decimal(fit.F, 4),
                fmt.p_value(fit.p, fit.log10_p),
                fmt.decimal(fit.ms_within, 6),
                fmt.decimal(fit.overdispersion, 3),
                fmt.UNDEFINED if fit.icc is None else fmt.decimal(fit.icc, 4),
            )
            for fit in self.fits
        ]
        table = fmt.text_table(headings, rows)
        return f"{table}\n{_BOUND_NOTE}" if self.bounded else table


_BOUND_NOTE = "A bound of p fits many designs; the exact p, if it is known, narrows them down."


@dataclass(frozen=True)
class Printed:
    """A number as printed: the value lies from `low` to `high`, both above 0.

    `bound` is "<" or ">" where only a bound was printed; `value` is then the bound.
    """

    value: float
    low: float
    high: float
    bound: str = ""


def recover(totals: Sequence[int], f: str, p: str, participants: int | None = None) -> Recovery:
    """Try every number of participants that divides the votes, or `participants` alone.

    `f` and `p` are as printed, such as "338" and "5.22e-100", or bounds such as "<.001", "p < .001" and ">
    .05": each value that rounds to the printed one, or lies within the bound, is allowed. Raises ValueError.
    """
    if len(totals) < 2 or min(totals) < 0 or sum(totals) < 2:
        given = ", ".join(map(str, totals))
        raise ValueError(
            f"totals must be two or more counts of votes from 0, not all of them 0 (got {given})"
        )
    if participants is not None and participants < 2:
        raise ValueError(f"participants must be at least 2 (got {participants})")
    n_votes, k = sum(totals), len(totals)
    if participants is not None and n_votes % participants:
        raise ValueError(f"participants must divide the {n_votes:,} votes equally (got {participants})")
    F, chance = read_printed(f, "f"), read_printed(p, "p")
    if chance.low >= 1:
        raise ValueError(f"p must be below 1 (got {p})")
    sizes = [participants] if participants else [n for n in range(2, n_votes + 1) if n_votes % n == 0]
    fits = []
    for n in sizes:
        for test, repeated in KINDS.items():
            df = (k - 1, (k - repeated) * (n - 1))
            smallest, largest = (f_tail(end, *df)[1] for end in (F.high, F.low))
            if smallest <= math.log10(chance.high) and largest >= math.log10(chance.low):
                fits.append(_fit(totals, n, df, _implied_f(F, chance, df), test))
    return Recovery(tuple(totals), tuple(fits), len(sizes) * len(KINDS), bool(F.bound or chance.bound))


_PRINTED = re.compile(
    r"\s*(?:[pPfF](?:\s*\([^)]*\))?\s*)?(?P<sign><=|>=|[<>=≤≥])?\s*"
    r"(?P<mantissa>\d+\.?\d*|\.\d+)(?:[eE](?P<exponent>[+-]?\d+))?\s*(?P<after>[<>])?\s*"
)


def read_printed(text: str, name: str) -> Printed:
    """Read a number as printed: "338" lies from 337.5 to 338.5, "<.001" below .001, "> .05" above .05.

    "p < .001", "F(3, 246) = 12.1" and the reversed ".05>" are understood as well. Raises ValueError.
    """
    match = _PRINTED.fullmatch(text)
    value = float(f"{match['mantissa']}e{match['exponent'] or 0}") if match else math.nan
    if match is None or (match["sign"] and match["after"]):
        example = '.03, 5.22e-100, "<.001" or "> .05"' if name == "p" else '338, 12.53 or "<1"'
        raise ValueError(f"{name} must be a number or a bound, such as {example} (got {text!r})")
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be above 0 (got {text})")
    sign = match["sign"] or {"<": ">", ">": "<", None: ""}[match["after"]]
    bound = {"≤": "<", "≥": ">", "<=": "<", ">=": ">", "=": ""}.get(sign, sign)
    if bound == "<":
        return Printed(value, 1e-300, value, "<")
    if bound == ">":
        return Printed(value, value, 1.0 if name == "p" else 1e9, ">")
    decimals = len(match["mantissa"].partition(".")[2])
    half = 0.5 * 10.0 ** (int(match["exponent"] or 0) - decimals)
    return Printed(value, max(value - half, value * 1e-3), value + half)


def _implied_f(F: Printed, p: Printed, df: tuple[int, int]) -> float:
    """The F within its rounding that has the printed p; the printed F where only a bound of p is known."""
    if not p.bound:
        return _find_f(math.log10(p.value), df, F.low, F.high)
    low, high = math.log10(p.low), math.log10(p.high)
    log = f_tail(F.value, *df)[1]
    return F.value if low <= log <= high else _find_f(min(max(log, low), high), df, F.low, F.high)


def _find_f(log10_p: float, df: tuple[int, int], low: float, high: float) -> float:
    """The F from `low` to `high` with this p; the nearer end where none has it."""

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
    # F_repeated = (k - 1) / k F_one-way, since shares that add up to 1 do not vary between participants.
    ms_within = between / (k - 1) / F * ((k - 1) / k if test.startswith("repeated") else 1)
    overdispersion = ms_within / (sum(share * (1 - share) for share in shares) / (votes * k))
    icc = (overdispersion - 1) / (votes - 1) if votes > 1 else None
    return Fit(test, n, votes, df, F, ms_within, overdispersion, icc, *f_tail(F, *df))
