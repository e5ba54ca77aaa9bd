"""Do the methods differ at all? Counts per participant in, every test of it out, and whether they agree.

One test is primary: the one that decides, to be named before the votes are opened. The classic ones are shown
because readers know them, and flagged, because they do not hold their level when shares add up to 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from analysis import formatting as fmt
from analysis.inference.anova import OneWay, one_way, welch
from analysis.inference.dirichlet_multinomial import dirichlet_multinomial
from analysis.inference.pooled_shares import pooled_wald
from analysis.inference.rank_tests import RankPairs, rank_pairs
from analysis.inference.repeated_measures import (
    Friedman,
    RepeatedMeasures,
    friedman,
    hotelling,
    repeated_measures,
)
from analysis.numerics.resampling import SEED, permutation_test
from analysis.significance import ALPHA, level_suffix
from analysis.votes.table import Counts

NAMES = {
    "one-way": "One-way ANOVA",
    "welch": "Welch's ANOVA",
    "repeated-measures": "Repeated-measures ANOVA",
    "hotelling": "Hotelling's T²",
    "friedman": "Friedman test",
    "permutation": "Permutation within participants",
    "dirichlet-multinomial": "Dirichlet-multinomial likelihood ratio",
    "pooled-wald": "Cluster Wald test of pooled shares",
}
LIBERAL = ("one-way", "welch")  # reject about 12 % of true null hypotheses with four methods
PRIMARY = "repeated-measures"


class Test(Protocol):
    """What all tests have in common. `p` is None where the test is undefined, and `note` says why."""

    @property
    def p(self) -> float | None: ...
    @property
    def log10_p(self) -> float | None: ...
    @property
    def note(self) -> str | None: ...
    @property
    def statement(self) -> str: ...


@dataclass(frozen=True)
class Omnibus:
    """All tests of one table, by their short names in the order of NAMES."""

    one_way: OneWay
    repeated_measures: RepeatedMeasures
    friedman: Friedman
    tests: Mapping[str, Test]
    rank_pairs: RankPairs | None
    primary: str
    alpha: float = ALPHA  # below which a p is a finding

    @property
    def decisive(self) -> Test:
        return self.tests[self.primary]

    @property
    def agreement(self) -> str:
        """One line: do the tests that hold their level say the same?"""
        tests = {name: test for name, test in self.tests.items() if name not in LIBERAL}
        found = [name for name, test in tests.items() if test.p is not None and test.p < self.alpha]
        missed = [name for name, test in tests.items() if test.p is not None and test.p >= self.alpha]
        if not found and not missed:
            return "No test that holds its level is defined here."
        n = len(found) + len(missed)
        those = (
            "The one defined test that holds its level" if n == 1 else f"The {n} tests that hold their level"
        ) + (f", judged{level_suffix(self.alpha)}," if level_suffix(self.alpha) else "")
        if not missed:
            worst = max((tests[name] for name in found), key=lambda test: test.p or 0)
            p = fmt.p_stated(worst.p, worst.log10_p)
            if n == 1:
                return f"{those} finds a difference ({p})."
            return f"{those} agree that the methods differ (largest {p})."
        if not found:
            p = fmt.p_stated(min(test.p for test in tests.values() if test.p is not None))
            if n == 1:
                return f"{those} finds no difference ({p})."
            return f"{those} agree that no difference is shown (smallest {p})."
        find, do = "find" if len(found) > 1 else "finds", "do" if len(missed) > 1 else "does"
        found_p, missed_p = _with_p(tests, found), _with_p(tests, missed)
        return f"{those} disagree: {found_p} {find} a difference, {missed_p} {do} not."


def names() -> tuple[str, ...]:
    """The tests that may be named primary, as `report` and `--primary` take them; NAMES has their titles."""
    return tuple(NAMES)


def omnibus(counts: Counts, primary: str = PRIMARY, seed: int = SEED, alpha: float = ALPHA) -> Omnibus:
    """Test whether the methods differ; there must be two or more. `primary` is one of `names()`.

    The Wald test of pooled shares is Hotelling's where all cast equally many votes: there it is left out
    unless it is primary.
    """
    if primary not in NAMES:
        raise ValueError(f"primary is {primary!r}; allowed are {', '.join(names())}")
    groups = counts.exact
    shares = counts.shares
    classic, within, ranks = one_way(groups), repeated_measures(groups), friedman(groups)
    tests: dict[str, Test] = {
        "one-way": classic,
        "welch": welch(groups),
        "repeated-measures": within,
        "hotelling": hotelling(groups),
        "friedman": ranks,
        "permutation": permutation_test(shares, seed),
        "dirichlet-multinomial": dirichlet_multinomial(counts.table),
    }
    fewest, most = counts.votes_per_participant
    if fewest != most or primary == "pooled-wald":
        tests["pooled-wald"] = pooled_wald(counts.table)
    pairs = rank_pairs(groups) if ranks.p is not None else None
    return Omnibus(classic, within, ranks, tests, pairs, primary, alpha)


def _with_p(tests: Mapping[str, Test], names: list[str]) -> str:
    shown = [f"{NAMES[name]} ({fmt.p_stated(tests[name].p, tests[name].log10_p)})" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
