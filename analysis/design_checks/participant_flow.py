"""Participants from recruited to included, reasons for exclusion, and the conclusion under other rules.

A vote table and its counts come in. The multiverse crosses every number of attention checks that could have
been required with rules on response times: each universe is judged by the primary test and by the single-step
comparisons of the method with the most votes. Nothing here decides who is included.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from analysis import formatting as fmt
from analysis.choice_models.choice_model import fit_worths
from analysis.estimation.share_contrasts import SHARE, average_shares, judge_contrasts
from analysis.estimation.simultaneous import pair_matrix, t_tail
from analysis.inference.omnibus import PRIMARY, Test, omnibus
from analysis.inference.repeated_measures import repeated_measures
from analysis.numerics.arrays import Booleans
from analysis.numerics.resampling import SEED
from analysis.significance import ALPHA
from analysis.votes.counting import Counts
from analysis.votes.offers import choice_data
from analysis.votes.table import VoteTable, VoteTableError

Rows = Booleans
FAST_MS = (1000, 2000)  # an answer given sooner can hardly rest on a look at the pictures
MAX_CHECKS = 30  # numbers of attention checks that are tried
ALL_ANSWERS = "all answers"
AS_REPORTED = "as reported"


@dataclass(frozen=True)
class Judgement:
    """The primary test of some answers, and the methods that `leader` beats."""

    p: float | None
    log10_p: float | None
    leader: str
    beaten: tuple[str, ...]


Judge = Callable[[Counts, Rows | None], Judgement]  # the rows of the table that count, None for all


@dataclass(frozen=True)
class Rule:
    """The conclusion if another rule had decided which participants and answers are included.

    `checks` and `speed` are the two parts of the rule. `conclusion` says whether the methods differ and, if
    so, which methods the one with the most votes beats.
    """

    checks: str
    speed: str
    n_participants: int
    n_votes: int
    leader: str
    share: float  # of all answers, for the leader
    p: float | None
    log10_p: float | None
    conclusion: str

    @property
    def name(self) -> str:
        """Both parts in a few words, without "all answers"."""
        return self.checks if self.speed == ALL_ANSWERS else f"{self.checks}, {self.speed}"


@dataclass(frozen=True)
class Flow:
    """Participants from recruited to included, and the multiverse of rules."""

    recruited: int
    complete: int | None  # None where the table has no status
    kept: int
    excluded: tuple[tuple[str, int], ...]
    multiverse: tuple[Rule, ...]
    reported: str = AS_REPORTED  # the `checks` of the rule by which the report includes participants
    notes: tuple[str, ...] = ()  # on participants whose status leaves their inclusion in doubt

    @cached_property
    def steps(self) -> tuple[tuple[str, int], ...]:
        """Participants at each step, ready to print as a table."""
        complete = () if self.complete is None else (("Complete", self.complete),)
        excluded = tuple((f"Excluded: {reason}", n) for reason, n in self.excluded)
        return (("Recruited", self.recruited), *complete, *excluded, ("Included", self.kept))

    @cached_property
    def conclusions(self) -> tuple[tuple[str, int], ...]:
        """Each conclusion and how many rules come to it, most frequent first."""
        texts = [rule.conclusion for rule in self.multiverse]
        return tuple(sorted(((c, texts.count(c)) for c in set(texts)), key=lambda item: (-item[1], item[0])))

    @property
    def stable(self) -> str:
        """One sentence: whether the conclusion depends on the rule; empty with a single rule."""
        n = len(self.multiverse)
        if n < 2:
            return ""
        if len(self.conclusions) == 1:
            return f"All {n} rules lead to the same conclusion: {self.conclusions[0][0]}."
        listed = "; ".join(f"{conclusion} ({times} of {n})" for conclusion, times in self.conclusions)
        return f"The conclusion depends on the rule: {listed}."

    def __str__(self) -> str:
        steps = [(name, fmt.count(n)) for name, n in self.steps]
        return fmt.text_table(("Participants", "n"), steps)


def flow(
    table: VoteTable,
    counts: Counts,
    min_passed: int | None,
    simulated: str,
    alpha: float = ALPHA,
    primary: str = PRIMARY,
    seed: int = SEED,
    judge: Judge | None = None,
) -> Flow:
    """Follow the participants of `table`, and judge every rule at `alpha` by the `primary` test.

    `counts` are the table's under `min_passed` and `simulated`. `primary` is one of `omnibus.NAMES`; where
    the methods were offered unequally often, the choice model takes its place. `judge` replaces both.
    """
    checks = _check_rules(table, counts, min_passed, simulated)
    return Flow(
        recruited=counts.n_recruited,
        complete=table.n_complete(simulated),
        kept=len(counts.participants),
        excluded=tuple(counts.excluded.items()),
        multiverse=_multiverse(
            table, counts, checks, simulated, alpha, judge or plan_judge(table, counts, primary, alpha, seed)
        ),
        reported=next(iter(checks)),
        notes=counts.notes,
    )


def plan_judge(
    table: VoteTable, counts: Counts, primary: str = PRIMARY, alpha: float = ALPHA, seed: int = SEED
) -> Judge:
    """The judge of a report on `counts`: the choice model if offers are unequal, else `primary`."""

    def judge_by_choice_model(counts: Counts, rows: Rows | None) -> Judgement:
        worths = fit_worths(choice_data(table, counts, rows), alpha, seed, draws=1)
        best = max(worths.worths, key=lambda one: one.worth.value or 0.0).method
        beaten = []
        for pair in worths.pairs:
            if best in (pair.a, pair.b) and pair.p is not None and pair.p < alpha:
                beaten.append(pair.b if pair.a == best else pair.a)
        return Judgement(worths.test.p, worths.test.log10_p, best, tuple(beaten))

    def judge_by_shares(counts: Counts, _rows: Rows | None) -> Judgement:
        test: Test = repeated_measures(counts.exact)
        if primary != PRIMARY:
            test = omnibus(counts, primary, seed, alpha).decisive
        significant = test.p is not None and test.p < alpha
        beaten = beaten_by_leader(counts, alpha, seed) if significant else ()
        return Judgement(test.p, test.log10_p, counts.methods[0], beaten)

    def judge(selected: Counts, rows: Rows | None) -> Judgement:
        unequal = by_offers or not selected.complete_offers
        return judge_by_choice_model(selected, rows) if unequal else judge_by_shares(selected, rows)

    by_offers = not counts.complete_offers or counts.unequal_exposure or bool(counts.ties.any())
    return judge


def beaten_by_leader(counts: Counts, alpha: float = ALPHA, seed: int = SEED) -> tuple[str, ...]:
    """The methods that the one with the most votes beats at `alpha` by single-step comparisons of all pairs.

    The p of the largest |t| lies between the p of one comparison and Bonferroni's bound, so that it is only
    computed, which takes 60 ms, where these two lie on different sides of `alpha`.
    """
    k = len(counts.methods)
    if k < 2 or len(counts.participants) < 2:
        return ()
    sample, others = average_shares(counts), np.arange(1, k)
    leads = sample.means[0] - sample.means[1:]
    variances = sample.covariance[0, 0] + np.diag(sample.covariance)[1:] - 2 * sample.covariance[0, 1:]
    varies = variances > 1e-24
    ahead = varies & (leads > 0)
    if not ahead.any():
        return ()
    t = leads[ahead] / np.sqrt(variances[ahead])
    single = np.array([t_tail(float(x), sample.df)[0] for x in t])
    undecided = (single < alpha) & (single * k * (k - 1) / 2 >= alpha)
    if not undecided.any() and not np.asarray(sample.few).any():
        return tuple(counts.methods[i] for i in others[ahead][single < alpha])
    pairs = list(combinations(range(k), 2))
    judged = judge_contrasts(sample, pair_matrix(pairs, k), SHARE, alpha, seed)[: k - 1]  # those of the first
    return tuple(
        counts.methods[i]
        for i, comparison, leads_here in zip(others, judged, ahead, strict=True)
        if leads_here and comparison.p is not None and comparison.p < alpha
    )


def _check_rules(
    table: VoteTable, counts: Counts, min_passed: int | None, simulated: str
) -> dict[str, int | None]:
    """Numbers of attention checks to require, by name; first the rule that includes whom the report does."""
    most = -1 if table.most_checks is None else min(table.most_checks, MAX_CHECKS)
    rules = {"complete" if n == 0 else f"at least {n} passed": n for n in range(most + 1)}
    for name, n in rules.items():
        try:
            same_number = table.n_included(n, simulated) == len(counts.participants)
            if same_number and table.counts(n, simulated).participants == counts.participants:
                return {name: n, **rules}
        except VoteTableError:  # nobody is left, or the rule does not apply
            continue
    return {AS_REPORTED: min_passed, **rules}


def _multiverse(
    table: VoteTable,
    counts: Counts,
    checks: dict[str, int | None],
    simulated: str,
    alpha: float,
    judge: Judge,
) -> tuple[Rule, ...]:
    """Every rule on attention checks with every rule on response times; empty if there is one rule only."""
    rules: list[Rule] = []
    for speed, rows in _speed_rules(table, counts):
        judged: dict[tuple[bool, int], Rule | None] = {}  # rules that exclude the same people share a result
        for name, least in checks.items():
            try:
                key = name == AS_REPORTED, table.n_included(least, simulated)
                if key not in judged:
                    selected = table.counts(least, simulated, silent=True, rows=rows)
                    judged[key] = _rule(name, speed, selected, judge, rows, alpha)
            except VoteTableError:  # nobody is left, or the rule does not apply
                continue
            rule = judged[key]
            if rule is not None:
                rules.append(replace(rule, checks=name))
    return tuple(rules) if len(rules) > 1 else ()


def _speed_rules(table: VoteTable, counts: Counts) -> Iterable[tuple[str, Rows | None]]:
    """All answers, then answers and participants that took a while, where that leaves any out."""
    yield ALL_ANSWERS, None
    times = table.response_ms
    if times is None:
        return
    included = table.is_included(counts)
    people = table.answers["participant"].cat.codes.to_numpy()
    median = times.groupby(people).transform("median").to_numpy()
    candidates = {f"without answers under {ms / 1000:g} s": ~(times < ms).to_numpy() for ms in FAST_MS}
    candidates[f"without participants whose median is under {FAST_MS[-1] / 1000:g} s"] = ~(
        median < FAST_MS[-1]
    )
    for name, rows in candidates.items():
        if not rows[included].all():
            yield name, rows


def _rule(
    checks: str, speed: str, counts: Counts, judge: Judge, rows: Rows | None, alpha: float
) -> Rule | None:
    """The conclusion from `counts`; None where they leave one method only."""
    if len(counts.methods) < 2:
        return None
    judgement = judge(counts, rows)
    return Rule(
        checks=checks,
        speed=speed,
        n_participants=len(counts.participants),
        n_votes=counts.n_votes,
        leader=judgement.leader,
        share=counts.votes[judgement.leader] / counts.n_answers,
        p=judgement.p,
        log10_p=judgement.log10_p,
        conclusion=_conclude(counts, judgement, alpha),
    )


def _conclude(counts: Counts, judgement: Judgement, alpha: float) -> str:
    if judgement.p is None:
        return "undefined"
    if judgement.p >= alpha:
        return "no difference shown"
    if not judgement.beaten:
        return f"the methods differ, without a significant lead of {judgement.leader}"
    n_others = len(counts.methods) - 1
    all_others = len(judgement.beaten) == n_others
    return f"{judgement.leader} ahead of " + ("all others" if all_others else ", ".join(judgement.beaten))
