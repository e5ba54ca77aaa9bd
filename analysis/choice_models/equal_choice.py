"""The omnibus test of a choice model: is every offered method equally likely to be chosen?

A design or choice data come in, a test comes out. The participant is the unit. Two statistics exist, and
`worths.fit_worths` takes the first wherever all worths are estimable:

- `wald_test`: the Wald statistic of the log-worths with the covariance clustered by participant (CR3),
  referred to F(r, n - r) as Hotelling's T squared, never to chi-squared.
- `trace_test`: the distance of the participants' mean score from zero over its trace, referred to F with the
  degrees of freedom of Box (1954, Annals of Mathematical Statistics 25:290), as Greenhouse and Geisser do.
  It exists under separation and with few participants. Where every answer offers all methods and everybody
  answers equally often, it is the repeated-measures ANOVA of the shares with their correction.

Both reject true null hypotheses in at most 6.2% of simulated studies with unequal offers of 12 to 83 people
(`choice_model` has the table). Hotelling's T squared of the scores at the null hypothesis, the third
candidate, rejects in up to 9.2% with 12 people (one of six methods added after half the questions).
Power at worths .24, .18, .15, .15, .14, .14, random 4 of 6 methods, intraclass correlation .05 (2,000
studies): Wald 17.0, 40.6 and 83.4% with 12, 20 and 40 people, trace 24.3, 48.9 and 87.4%.
"""

import math
from dataclasses import dataclass

import numpy as np

from analysis import formatting as fmt
from analysis.choice_models.design import build_design
from analysis.numerics.arrays import Floats
from analysis.numerics.tails import f_tail
from analysis.votes.offers import ChoiceData


@dataclass(frozen=True)
class ChoiceTest:
    """An F test of the null hypothesis that every offered method is equally likely to be chosen.

    `statistic` is "Wald", "trace" or "sign". F and `df` are None for a sign test. All are None where
    undefined, and `note` then says why.
    """

    statistic: str
    n_participants: int
    F: float | None = None
    df: tuple[float, float] | None = None
    p: float | None = None
    log10_p: float | None = None
    note: str | None = None

    @property
    def statement(self) -> str:
        """The test in one line: "F(5, 35) = 4.21"."""
        if self.F is None or self.df is None:
            return fmt.UNDEFINED if self.p is None else "sign test"
        first, second = (f"{df:.0f}" if float(df).is_integer() else fmt.decimal(df) for df in self.df)
        return f"F({first}, {second}) = {fmt.f_value(self.F)}"

    def __str__(self) -> str:
        if self.p is None:
            return f"Test of equal choice: undefined, {self.note}"
        return f"Test of equal choice ({self.statistic}): {self.statement}, {fmt.p_phrase(self.p)}"


def wald_test(log_worths: Floats, covariance: Floats, n: int) -> ChoiceTest:
    """Test that all of `log_worths` (r,) are 0, with their `covariance` (r, r) over `n` participants."""
    r = len(log_worths)
    if n <= r:
        note = f"{r + 1} methods need more than {r} participants (got {n})"
        return ChoiceTest("Wald", n, note=note)
    if not np.isfinite(covariance).all() or not np.linalg.cond(covariance) < 1e12:
        return ChoiceTest("Wald", n, note="some difference of methods does not vary between participants")
    squared = float(log_worths @ np.linalg.solve(covariance, log_worths))
    F = squared * (n - r) / ((n - 1) * r)
    return ChoiceTest("Wald", n, F, (r, n - r), *f_tail(F, r, n - r))


def trace_test(data: ChoiceData) -> ChoiceTest:
    """Test from the scores of the participants at the null hypothesis, which exist for any data.

    The score of a participant is the sum over answers of weight times (chosen - 1 / number offered), (k,).
    Answers "none of these" and ties have score 0: they do not choose between methods. If all participants
    have the same scores, the spread is 0 and the test a sign test: n people without a preference of whom
    each sticks to one method agree with probability 2^(1 - n) at most.
    """
    scores, information = null_scores(data)
    n = len(scores)
    if n < 2:
        return ChoiceTest("trace", n, note="one participant says nothing about others")
    moves = scores @ np.linalg.pinv(information / n, rcond=1e-9, hermitian=True)  # log-worths in one step
    mean = moves.mean(axis=0)
    spread = np.cov(moves, rowvar=False)
    trace = float(np.trace(spread))
    if not trace > 1e-12 * max(1.0, float(mean @ mean)):
        if float(mean @ mean) < 1e-12:
            return ChoiceTest("trace", n, note="every participant chose all methods equally often")
        return ChoiceTest("sign", n, p=2.0 ** (1 - n), log10_p=(1 - n) * math.log10(2))
    df = trace**2 / float((spread**2).sum())
    F = n * float(mean @ mean) / trace
    return ChoiceTest("trace", n, F, (df, df * (n - 1)), *f_tail(F, df, df * (n - 1)))


def null_scores(data: ChoiceData) -> tuple[Floats, Floats]:
    """The scores (participants, k) and the information (k, k) if all methods are equal."""
    k = len(data.methods)
    design = build_design(data, tuple(range(k)))
    picked = design.chosen < k
    offered = design.available[picked, :k]
    even = offered / offered.sum(axis=1, keepdims=True)
    residuals = np.eye(k)[design.chosen[picked]] - even
    signed = (design.signs * design.weights)[picked]
    n = len(np.unique(data.participant))
    scores = np.zeros((n, k))
    np.add.at(scores, design.participants[picked], signed[:, None] * residuals)
    weighted = design.weights[picked, None] * even
    return scores, np.diag(weighted.sum(axis=0)) - weighted.T @ even
