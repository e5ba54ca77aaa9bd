"""All numbers of a report, each computed when it is first read.

A vote table and the analysis plan come in. Sections turn the numbers into text and charts; nothing is
formatted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from analysis.choice_models.choice_model import fit_worths
from analysis.choice_models.worths import Worths
from analysis.design_checks.participant_flow import Flow, flow
from analysis.design_checks.summary import Design, design
from analysis.estimation.contrasts import (
    Contrast,
    Equivalences,
    assess_equivalence,
    check_method,
    compare_planned,
    compare_with_baseline,
    parse_contrast,
)
from analysis.estimation.effect_sizes import one_sided_effects
from analysis.estimation.estimates import Estimates, estimate
from analysis.estimation.intervals import Estimate
from analysis.estimation.label_shares import LabelShares, label_shares
from analysis.estimation.pairs import PairEstimate
from analysis.estimation.shares import Share, estimate_mean_shares, estimate_shares
from analysis.estimation.stimuli import BeyondStimuli, beyond_stimuli
from analysis.inference.degenerate import SignTest, sign_test, substitute_test
from analysis.inference.omnibus import PRIMARY, Omnibus, omnibus
from analysis.inference.subgroups import Subgroups, compare_subgroups
from analysis.inference.tukey import Tukey, hsd
from analysis.metric_agreement.concordance import Concordance, concordance
from analysis.metric_agreement.metric_table import MetricTable
from analysis.numerics.resampling import SEED
from analysis.significance import ALPHA, check_alpha
from analysis.votes.offers import ChoiceData, choice_data
from analysis.votes.table import Counts, VoteTable


@dataclass(frozen=True)
class AnalysisPlan:
    """Everything that was decided before the votes were counted.

    `min_passed` and `simulated` say who is included (see `VoteTable.counts`), `primary` is one of
    `inference.omnibus.NAMES`, `alpha` the significance level, `seed` that of all resampling. `contrasts` are
    texts such as "A - mean(B, C)", `baseline` is a method to compare all others with, and
    `smallest_difference` the smallest difference of interest, a share. `by` names a column of groups of
    participants. `all_tests` adds the tests of other null hypotheses to the printed report.
    """

    min_passed: int | None = None
    simulated: str = "include"
    primary: str = PRIMARY
    alpha: float = ALPHA
    seed: int = SEED
    contrasts: tuple[str, ...] = ()
    baseline: str | None = None
    smallest_difference: float | None = None
    by: str | None = None
    all_tests: bool = False

    def __post_init__(self) -> None:
        check_alpha(self.alpha)


@dataclass(frozen=True, eq=False)
class Results:
    """The numbers of one vote table under one analysis plan.

    When it is created, it raises NoVotesError if no vote is counted, VoteTableError for a faulty table, and
    ContrastError for a planned comparison of a method that does not exist.
    """

    table: VoteTable
    plan: AnalysisPlan = AnalysisPlan()
    metrics: MetricTable | None = None
    counts: Counts = field(init=False, repr=False)

    def __post_init__(self) -> None:
        counts = self.table.counts(self.plan.min_passed, self.plan.simulated)
        object.__setattr__(self, "counts", counts)
        for text in self.plan.contrasts:
            parse_contrast(text, counts.methods)
        if self.plan.baseline is not None:
            check_method("the baseline", self.plan.baseline, counts.methods)

    @property
    def name(self) -> str:
        """The file name of the vote table."""
        return Path(self.table.name).name

    @property
    def n_participants(self) -> int:
        return len(self.counts.participants)

    @property
    def n_votes(self) -> int:
        return self.counts.n_votes

    @property
    def n_simulated(self) -> int:
        """Simulated participants among those included."""
        return self.counts.n_simulated

    @property
    def comparable(self) -> bool:
        """True if there are two or more methods to compare."""
        return len(self.counts.methods) > 1

    @cached_property
    def design_sha256(self) -> str | None:
        """The hash of the frozen design; None if the table names none or several."""
        if "design" not in self.table.answers:
            return None
        designs = [value for value in self.table.answers["design"].unique() if value]
        return str(designs[0]) if len(designs) == 1 else None

    @property
    def by_offers(self) -> bool:
        """True if only a choice model can compare the methods, as offers were unequal.

        Some answers offered only some of the methods, questions were shown unequally often, or answers were
        ties.
        """
        counts = self.counts
        return not counts.complete_offers or counts.unequal_exposure or bool(counts.ties.any())

    @cached_property
    def choices(self) -> ChoiceData:
        """The methods that each counted answer offered and chose."""
        return choice_data(self.table, self.counts)

    @cached_property
    def worths(self) -> Worths | None:
        """The choice model, if the methods must be compared by it; None with one method."""
        if not (self.by_offers and self.comparable):
            return None
        return fit_worths(self.choices, self.plan.alpha, self.plan.seed)

    @cached_property
    def shares(self) -> tuple[Share, ...]:
        """Each method's share of the answers that offered it, most votes first.

        Without "none of these" and with complete offers, that is its share of all votes.
        """
        if not self.by_offers or self.worths is None:
            return self.estimates.shares
        return tuple(
            Share(row.method, row.votes, row.share.value or 0.0, row.share.low, row.share.high)
            for row in self.worths.offers
        )

    @cached_property
    def choice_shares(self) -> tuple[Share, ...]:
        """Each method's share of all votes, leaving out answers "none of these", in the order of `shares`."""
        counts = self.counts
        if not counts.none.any():
            return self.estimates.shares
        chose = counts.table.sum(axis=1) > 0
        nothing = np.zeros(0, dtype=np.int64)
        votes = replace(
            counts,
            participants=tuple(np.array(counts.participants, dtype=object)[chose]),
            table=counts.table[chose],
            none=nothing,
            ties=counts.ties[chose],
            offered=nothing,
            weighted=np.zeros(0),
            weighted_answers=np.zeros(0),
            weighted_offered=np.zeros(0),
        )
        return estimate_shares(votes).shares

    @cached_property
    def none_share(self) -> Share | None:
        """The share of answers "none of these"; None where that could not be answered."""
        return estimate_shares(self.counts.none_counts).shares[0] if self.counts.none_possible else None

    @cached_property
    def stimuli(self) -> BeyondStimuli:
        """Results that generalise over participants and labels."""
        primary = None if self.omnibus is None or self.by_offers else self.omnibus.repeated_measures
        return beyond_stimuli(self.choices, primary, self.plan.alpha, self.plan.seed)

    @cached_property
    def label_shares(self) -> LabelShares | None:
        """Each method's share for every label; None without labels."""
        return label_shares(self.choices)

    @cached_property
    def mean_shares(self) -> tuple[Estimate, ...]:
        """Each method's share if participants, not votes, have equal weight."""
        return estimate_mean_shares(self.counts)

    @cached_property
    def pairs(self) -> tuple[PairEstimate, ...]:
        """Every pair of methods compared within participants."""
        return self.estimates.pairs

    @cached_property
    def estimates(self) -> Estimates:
        """Effect sizes, design effect and the probabilities of rankings."""
        return estimate(self.counts, self.plan.seed, alpha=self.plan.alpha)

    @cached_property
    def contrasts(self) -> tuple[Contrast, ...]:
        """The planned contrasts, as one family."""
        return compare_planned(self.counts, self.plan.contrasts, self.plan.seed, self.plan.alpha)

    @cached_property
    def against_baseline(self) -> tuple[Contrast, ...]:
        """Every other method against the baseline; empty without one."""
        if self.plan.baseline is None:
            return ()
        return compare_with_baseline(self.counts, self.plan.baseline, self.plan.seed, self.plan.alpha)

    @cached_property
    def equivalence(self) -> Equivalences | None:
        """Tests against the smallest difference of interest; None without one."""
        margin = self.plan.smallest_difference
        if margin is None:
            return None
        return assess_equivalence(self.counts, margin, self.plan.seed, self.plan.alpha)

    @cached_property
    def subgroups(self) -> Subgroups | None:
        """Shares by group of participants; None unless the plan names a column."""
        if self.plan.by is None:
            return None
        return compare_subgroups(self.table, self.counts, self.plan.by)

    @cached_property
    def omnibus(self) -> Omnibus | None:
        """The omnibus tests; None with one method."""
        if not self.comparable:
            return None
        plan = self.plan
        return omnibus(self.counts, plan.primary, plan.seed, plan.alpha, plan.all_tests)

    @cached_property
    def unanimous(self) -> SignTest | None:
        """The sign test if all participants split their votes alike, so that F is undefined."""
        return sign_test(self.counts)

    @cached_property
    def substitute_test(self) -> str:
        """The test that replaces F where it is undefined; empty where it is defined."""
        return substitute_test(self.counts, self.plan.seed)

    @cached_property
    def tukey(self) -> Tukey | None:
        """Tukey HSD of the participants' shares, its intervals cut at -1 and 1; None with one method."""
        return hsd(self.counts.exact, 1 - self.plan.alpha).clip(1.0) if self.comparable else None

    @cached_property
    def one_sided_effects(self) -> Mapping[str, Estimate]:
        """Eta and omega squared of the one-way ANOVA with one-sided intervals of the noncentral F."""
        return {} if self.omnibus is None else one_sided_effects(self.omnibus.one_way)

    @cached_property
    def flow(self) -> Flow:
        """Participants from recruited to included, and the conclusion under other rules."""
        plan = self.plan
        return flow(
            *(self.table, self.counts, plan.min_passed, plan.simulated, plan.alpha),
            primary=plan.primary,
            seed=plan.seed,
        )

    @cached_property
    def design(self) -> Design:
        """Checks of position, order, classes, carelessness and agreement."""
        return design(self.table, self.counts, self.plan.min_passed, self.plan.seed)

    @cached_property
    def concordance(self) -> Concordance | None:
        """Agreement of metrics of the maps with the votes; None without metrics."""
        if self.metrics is None:
            return None
        return concordance(self.table, self.counts, self.metrics, self.plan.seed)
