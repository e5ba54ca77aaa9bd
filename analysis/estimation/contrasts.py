"""Planned comparisons of methods: contrasts written as text, one baseline, and equivalence.

Counts per participant come in. Each participant has equal weight; several contrasts are one family, judged
together by the single-step max-t method. Differences and margins are shares: 0.05 is five percentage points.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.estimation.intervals import Estimate
from analysis.estimation.pairs import bound_difference
from analysis.estimation.share_contrasts import MeanShares, average_shares, judge_contrasts, p_against
from analysis.estimation.simultaneous import pair_matrix
from analysis.numerics.arrays import Floats
from analysis.numerics.resampling import SEED
from analysis.significance import ALPHA, check_alpha
from analysis.votes.counting import Counts

OTHERS = "others"
_HOW = 'write it as "A - B", "A - mean(others)" or "mean(A, B) - mean(C, D)", with special names in quotes'
_QUOTED = r"""(?:"[^"]*"|'[^']*'|[^"'])"""
_DIFFERENCE = re.compile(rf"({_QUOTED}+?)\s+[-\u2212\u2013]\s+({_QUOTED}+)")
_MEAN = re.compile(r"mean\s*\((.*)\)", re.IGNORECASE)
_LISTED = re.compile(r"""((?:"[^"]*"|'[^']*'|[^"',])+)(?:,|$)""")


class ContrastError(ValueError):
    """A contrast that cannot be read, or that names a method that does not exist."""


@dataclass(frozen=True)
class Contrast:
    """A planned contrast: a difference of mean shares, with its interval and adjusted p.

    `weights` are those of the methods, in their order. The interval and `p` are simultaneous over the family;
    `df` belongs to `t`. None where undefined. `method` names the distribution, as in `pairs.PairEstimate`.
    """

    text: str
    weights: tuple[float, ...]
    difference: Estimate
    t: float | None
    df: int
    p: float | None
    log10_p: float | None
    method: str = ""


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests that a pair differs by less than `margin` (Schuirmann 1987, Journal of
    Pharmacokinetics and Biopharmaceutics 15:657).

    `difference` has the interval with confidence 1 - 2 alpha, and the pair is equivalent where that lies
    within the margin; `p` is then below alpha. Pairs are not adjusted for their number. None where undefined.
    """

    a: str
    b: str
    difference: Estimate
    margin: float
    p: float | None
    equivalent: bool | None


@dataclass(frozen=True)
class Equivalences:
    """The equivalence tests of all pairs, and the largest difference that their simultaneous intervals allow.

    `largest` holds with confidence 1 - `alpha` for all pairs together; None where a pair has no interval.
    """

    pairs: tuple[Equivalence, ...]
    margin: float
    largest: float | None
    alpha: float


def parse_contrast(text: str, methods: Sequence[str]) -> tuple[float, ...]:
    """Read a contrast such as "A - mean(others)" as weights of the methods, which sum to 0.

    A side is a method or the mean of several; `mean(others)` is the mean of all methods that the other side
    does not name. Spaces surround the minus. Names that hold " - ", commas or quotes need quotes. Raises
    ContrastError.
    """
    match = _DIFFERENCE.fullmatch(text.strip())
    if match is None or _DIFFERENCE.fullmatch(match[2]):
        raise ContrastError(f"contrast {text!r} is not the difference of two sides; {_HOW}")
    left, right = (_read_side(side.strip(), methods) for side in match.groups())
    if left is None and right is None:
        raise ContrastError(f'contrast {text!r}: only one side can be "mean(others)"')
    if left is None:
        left = [method for method in methods if method not in (right or [])]
    if right is None:
        right = [method for method in methods if method not in left]
    weights = dict.fromkeys(methods, 0.0)
    for sign, names in ((1.0, left), (-1.0, right)):
        if not names:
            raise ContrastError(f"contrast {text!r}: one side names no method; {_listed(methods)}")
        for name in names:
            check_method(f"contrast {text!r}", name, methods)
            if weights[name]:
                raise ContrastError(f"contrast {text!r} names {name!r} twice; name each method once")
            weights[name] = sign / len(names)
    return tuple(weights.values())


def compare_planned(
    counts: Counts, texts: Sequence[str], seed: int = SEED, alpha: float = ALPHA
) -> tuple[Contrast, ...]:
    """Test planned contrasts as one family; raises ContrastError for one that cannot be read."""
    check_alpha(alpha)
    if repeated := [text for i, text in enumerate(texts) if text in texts[:i]]:
        raise ContrastError(f"contrast {repeated[0]!r} is given twice; name each once")
    weights = [parse_contrast(text, counts.methods) for text in texts]
    return _judge(counts, texts, np.array(weights), seed, alpha) if weights else ()


def compare_with_baseline(
    counts: Counts, baseline: str, seed: int = SEED, alpha: float = ALPHA
) -> tuple[Contrast, ...]:
    """Compare every other method with `baseline`, as one family (as Dunnett 1955, JASA 50:1096, does).

    Participants are compared with themselves, so that the correlation of the comparisons is estimated. Raises
    ContrastError for an unknown baseline.
    """
    check_method("the baseline", baseline, counts.methods)
    reference = counts.methods.index(baseline)
    pairs = [(i, reference) for i in range(len(counts.methods)) if i != reference]
    texts = [f"{counts.methods[i]} \N{MINUS SIGN} {baseline}" for i, _ in pairs]
    if not pairs:
        return ()
    return _judge(counts, texts, pair_matrix(pairs, len(counts.methods)), seed, alpha)


def assess_equivalence(counts: Counts, margin: float, seed: int = SEED, alpha: float = ALPHA) -> Equivalences:
    """Test whether pairs of methods differ by less than `margin`, the smallest difference of interest.

    `margin` is a share above 0 and below 1. Raises ValueError for any other.
    """
    if not 0 < margin < 1:
        raise ValueError(
            f"the smallest difference of interest must lie between 0 and 100 points (got {margin * 100:g})"
        )
    check_alpha(alpha)
    sample, k = average_shares(counts), len(counts.methods)
    pairs = list(combinations(range(k), 2))
    if not pairs:
        return Equivalences((), margin, None, alpha)
    matrix = pair_matrix(pairs, k)
    rows = tuple(
        _assess_pair(sample, row, (counts.methods[i], counts.methods[j]), margin, alpha)
        for (i, j), row in zip(pairs, matrix, strict=True)
    )
    ends = [(one.low, one.high) for one in judge_contrasts(sample, matrix, alpha=alpha, seed=seed)]
    reach = [max(-low, high) for low, high in ends if low is not None and high is not None]
    return Equivalences(rows, margin, min(1.0, max(reach)) if len(reach) == len(pairs) else None, alpha)


def check_method(subject: str, name: str, methods: Sequence[str]) -> None:
    """Raise ContrastError, which begins with `subject`, unless `name` is among `methods`."""
    if name not in methods:
        raise ContrastError(f"{subject}: there is no method {name!r}; {_listed(methods)}")


def _read_side(side: str, methods: Sequence[str]) -> list[str] | None:
    """The methods that one side of a contrast names; None for the others."""
    if side in methods:
        return [side]
    mean = _MEAN.fullmatch(side)
    if OTHERS not in methods and (mean[1] if mean else side).strip() == OTHERS:
        return None
    return [_unquote(name) for name in (_LISTED.findall(mean[1]) if mean else [side])]


def _unquote(name: str) -> str:
    name = name.strip()
    quoted = len(name) > 1 and name[0] == name[-1] and name[0] in "\"'"
    return name[1:-1] if quoted else name


def _listed(methods: Sequence[str]) -> str:
    return f"the methods are {', '.join(map(repr, methods))}"


def _judge(
    counts: Counts, texts: Sequence[str], matrix: Floats, seed: int, alpha: float
) -> tuple[Contrast, ...]:
    sample = average_shares(counts)
    judged = judge_contrasts(sample, matrix, alpha=alpha, seed=seed)
    return tuple(
        Contrast(
            text=text,
            weights=tuple(row.tolist()),
            difference=bound_difference(one, 1.0),
            t=one.t,
            df=sample.df,
            p=one.p,
            log10_p=one.log10_p,
            method=one.method,
        )
        for text, row, one in zip(texts, matrix, judged, strict=True)
    )


def _assess_pair(
    sample: MeanShares, row: Floats, names: tuple[str, str], margin: float, alpha: float
) -> Equivalence:
    [one] = judge_contrasts(sample, row[None], alpha=min(2 * alpha, 0.999))
    difference, tails = bound_difference(one, 1.0), []
    for side in (-1.0, 1.0):
        p = p_against(sample, row, side * margin)
        if p is None or one.estimate is None:
            return Equivalence(*names, difference, margin, None, None)
        tails.append(p / 2 if side * one.estimate < margin else 1 - p / 2)
    return Equivalence(*names, difference, margin, max(tails), max(tails) < alpha)
