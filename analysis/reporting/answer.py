"""A report's first sentence: what the votes say, claiming no more than the tests do.

The primary test must find a difference before any lead is claimed; a lead is claimed where the paired
comparison of two methods, after Holm's correction, finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis import formatting as fmt
from analysis.estimation.pairs import PairEstimate
from analysis.inference.omnibus import NAMES
from analysis.significance import at

if TYPE_CHECKING:
    from analysis.reporting.report import Report

_PAIRED = "Holm-adjusted paired t"


def answer(report: Report) -> str:
    """One or two plain sentences."""
    return f"{who(report)} cast {fmt.counted(report.n_votes, 'vote')}. {_finding(report)}"


def who(report: Report) -> str:
    """The participants, and how many are simulated."""
    if report.n_simulated == 0:
        return fmt.counted(report.n_participants, "participant")
    if report.n_simulated == report.n_participants:
        return fmt.counted(report.n_participants, "simulated participant")
    n = fmt.counted(report.n_participants, "participant")
    return f"{n} ({fmt.count(report.n_simulated)} of them simulated)"


def listed(names: Sequence[str]) -> str:
    """ "A, B and C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _finding(report: Report) -> str:
    methods = report.methods
    best = [m for m in methods if m.votes == methods[0].votes]
    names, share = listed([m.method for m in best]), fmt.percent(best[0].share)
    if len(methods) == 1:
        return f"All were for {names}: with one method there is nothing to compare."
    if len(best) == len(methods):
        lead = f"{names} were chosen equally often ({share} each)"
    elif len(best) > 1:
        lead = f"{names} were chosen most often ({share} each)"
    else:
        lead = f"{names} was chosen most often ({share})"
    return lead + _significance(report, len(best))


def _significance(report: Report, n_best: int) -> str:
    assert report.omnibus is not None  # there are two methods or more
    anova, decisive = report.omnibus.one_way, report.omnibus.decisive
    if report.n_participants == 1:
        return "; one participant says nothing about others, so no test is made."
    if anova.p is None:
        if anova.ss_between == 0:
            return "; every participant split their votes evenly, so F is undefined (0/0)."
        return (
            "; every participant split their votes alike, so F is undefined "
            "(zero variance within the methods)."
        )
    name = NAMES[report.omnibus.primary]
    if decisive.p is None:
        return f"; the primary test ({name}) is undefined here, so nothing is claimed."
    lower = name[0].lower() + name[1:] if name.startswith(("One", "Repeated", "Permutation")) else name
    test = f"{lower}{at(report.alpha)}, {fmt.p_phrase(decisive.p)}"
    if decisive.p >= report.alpha and n_best == len(report.methods):
        return f"; nothing shows that the methods differ ({test})."
    if decisive.p >= report.alpha:
        return f", but this is no evidence that the methods differ ({test})."
    if n_best > 1:
        return f"; the methods differ ({test}), but none was chosen more than every other."
    pairs = [pair for pair in report.pair_estimates if pair.a == report.methods[0].method]
    return _lead(pairs, test, report.alpha)


def _lead(pairs: Sequence[PairEstimate], test: str, alpha: float) -> str:
    """What the method with most votes is ahead of, and what it is not. `pairs` compare it with each other."""
    found = [pair for pair in pairs if pair.p is not None and pair.p < alpha]
    paired = f"{_PAIRED}{at(alpha)}"
    ahead = [pair for pair in found if (pair.difference.value or 0) > 0]
    behind = [pair for pair in found if (pair.difference.value or 0) < 0]
    level = [pair for pair in pairs if pair not in found]
    if behind:  # who cast few votes counts more in a mean of proportions than in a sum of votes
        others = listed([pair.b for pair in behind])
        return f", but less than {others} where participants weigh equally ({paired}, {_together(behind)})."
    if not ahead:
        return f"; the methods differ ({test}), but it was not chosen significantly more than any other."
    others = "each of the others" if not level and len(ahead) > 1 else listed([pair.b for pair in ahead])
    sentence = f", more than {others} ({paired}, {_together(ahead)})"
    if level:
        rest = listed([pair.b for pair in level])
        sentence += f"; its lead over {rest} is not significant ({_together(level)})"
    return sentence + "."


def _together(pairs: Sequence[PairEstimate]) -> str:
    """The p of one pair, or what holds of all: "p = 0.012", "every p < 0.001", "p = 0.002 to p = 0.03"."""
    values = sorted(pair.p for pair in pairs if pair.p is not None)
    phrases = list(dict.fromkeys(map(fmt.p_phrase, values)))
    if not phrases:
        return "p undefined"
    if len(phrases) == 1:
        return phrases[0] if len(pairs) == 1 else f"every {phrases[0]}"
    return f"{phrases[0]} to {phrases[-1]}"
