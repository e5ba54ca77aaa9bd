"""Who took part, who is counted and why the others are not; and what other rules would have made of it.

A vote table comes in; counts of participants come out, and the conclusion at every threshold of the attention
checks and under rules of response time. Nothing here decides who is kept: it shows what depends on it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from analysis import formatting as fmt
from analysis.estimation.pairs import paired_tests
from analysis.estimation.shares import Share, estimate_shares
from analysis.inference.repeated_measures import repeated_measures
from analysis.significance import ALPHA
from analysis.votes.table import Counts, NoVotesError, VoteTable, VoteTableError

FAST_MS = (1000, 2000)  # answers quicker than this were hardly looked at
_MOST_CHECKS = 30  # thresholds shown


@dataclass(frozen=True)
class Rule:
    """What the votes say if another rule had decided who is counted.

    `leader` is the method with most votes, `lead` its share; `conclusion` says in a word or two whether the
    methods differ (repeated-measures ANOVA) and whom the leader beats (Holm-adjusted paired t).
    """

    name: str
    n_participants: int
    n_votes: int
    shares: tuple[Share, ...]
    leader: str
    p: float | None
    log10_p: float | None
    conclusion: str


@dataclass(frozen=True)
class Flow:
    """Participants from the first to the last row, and the rules that could have been."""

    recruited: int
    complete: int | None  # None where the table has no status
    kept: int
    excluded: tuple[tuple[str, int], ...]
    thresholds: tuple[Rule, ...]  # by checks passed
    speeds: tuple[Rule, ...]  # by response time

    @cached_property
    def steps(self) -> tuple[tuple[str, int], ...]:
        """Participants at each step, ready to print as a table."""
        complete = () if self.complete is None else (("Complete", self.complete),)
        left_out = tuple((f"Left out: {reason}", n) for reason, n in self.excluded)
        return (("Recruited", self.recruited), *complete, *left_out, ("Counted", self.kept))

    @property
    def stable(self) -> str:
        """One line: does the conclusion hang on the rule?"""
        rules = (*self.thresholds, *self.speeds)
        if len(rules) < 2:
            return ""
        conclusions = {rule.conclusion for rule in rules}
        if len(conclusions) == 1:
            return f"All {len(rules)} rules give the same conclusion: {rules[0].conclusion}."
        counted = [(sum(r.conclusion == c for r in rules), c) for c in sorted(conclusions)]
        told = "; ".join(
            f"{c} ({n} of {len(rules)})" for n, c in sorted(counted, key=lambda x: (-x[0], x[1]))
        )
        return f"The conclusion depends on the rule: {told}."

    def __str__(self) -> str:
        steps = [(name, fmt.count(n)) for name, n in self.steps]
        return fmt.text_table(("Participants", "n"), steps)


def flow(
    table: VoteTable, counts: Counts, min_passed: int | None, simulated: str, alpha: float = ALPHA
) -> Flow:
    """`counts` are the table's under `min_passed` and `simulated`; every rule is judged at `alpha`."""
    complete = table.n_complete(simulated)
    return Flow(
        recruited=counts.n_recruited,
        complete=complete,
        kept=len(counts.participants),
        excluded=tuple(counts.excluded.items()),
        thresholds=tuple(_by_checks(table, simulated, alpha)),
        speeds=tuple(_by_speed(table, min_passed, simulated, alpha)),
    )


def _by_checks(table: VoteTable, simulated: str, alpha: float) -> list[Rule]:
    """Everybody complete, then those with at least 1, 2, ... checks passed."""
    most = table.most_checks
    if most is None:
        return []
    rules = []
    for n in range(min(most, _MOST_CHECKS) + 1):
        name = "complete" if n == 0 else f"at least {n} passed"
        rules += _rule(name, partial(table.counts, n, simulated), alpha)
    return rules


def _by_speed(table: VoteTable, min_passed: int | None, simulated: str, alpha: float) -> list[Rule]:
    """All answers of those who are counted, then only answers that took a while, then only patient people."""
    times = table.response_ms
    if times is None:
        return []
    people = table.answers["participant"].cat.codes.to_numpy()
    median = times.groupby(people).transform("median").to_numpy()
    candidates = {"all answers": np.ones(len(times), dtype=np.bool_)}
    for ms in FAST_MS:
        candidates[f"without answers under {ms / 1000:g} s"] = ~(times < ms).to_numpy()
    candidates[f"without people whose median is under {FAST_MS[-1] / 1000:g} s"] = ~(median < FAST_MS[-1])
    rules: list[Rule] = []
    for name, rows in candidates.items():
        if name == "all answers" or not rows.all():
            count = partial(table.counts, min_passed, simulated, silent=True, rows=rows)
            rules += _rule(name, count, alpha)
    return rules if len(rules) > 1 else []


def _rule(name: str, count: Callable[[], Counts], alpha: float) -> list[Rule]:
    """The conclusion under one rule; nothing where it leaves nobody or does not apply."""
    try:
        counts = count()
    except (NoVotesError, VoteTableError):
        return []
    shares = estimate_shares(counts).shares
    if len(shares) < 2:
        return []
    test = repeated_measures(counts.exact)
    return [
        Rule(
            name=name,
            n_participants=len(counts.participants),
            n_votes=counts.n_votes,
            shares=shares,
            leader=shares[0].method,
            p=test.p,
            log10_p=test.log10_p,
            conclusion=_conclusion(counts, test.p, alpha),
        )
    ]


def _conclusion(counts: Counts, p: float | None, alpha: float) -> str:
    if p is None:
        return "undefined"
    if p >= alpha:
        return "no difference shown"
    leader = counts.methods[0]
    pairs = [pair for pair in paired_tests(counts) if pair.a == leader]
    beaten = [x.b for x in pairs if x.p is not None and x.p < alpha and x.difference > 0]
    if not beaten:
        return f"{leader} first, ahead of no other for certain"
    return f"{leader} ahead of " + ("all others" if len(beaten) == len(pairs) else ", ".join(beaten))
