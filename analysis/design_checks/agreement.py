"""Agreement of participants about each question: Fleiss' kappa and Krippendorff's alpha.

Votes by question come in. Both coefficients are 0 on average where everybody votes by the shares of all votes
without regard to the question, and 1 where all agree on each question. Agreement is not a merit by itself: a
question without a right answer has none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.inter_rater import fleiss_kappa

from analysis import formatting as fmt
from analysis.numerics.arrays import Floats, Integers
from analysis.numerics.resampling import SEED

PERMUTATIONS = 999


@dataclass(frozen=True)
class Agreement:
    """Agreement about `n_questions` that at least two participants answered.

    `same` is how often two participants who answered the same question chose the same method, and
    `same_by_chance` how often they would with these shares and no regard to the question. `p` is from
    permuting the votes over the questions. None where undefined, and `note` says why.
    """

    n_questions: int
    n_votes: int
    same: float | None
    same_by_chance: float | None
    kappa: float | None  # Fleiss'; undefined where questions have unequal numbers of answers
    alpha: float | None  # Krippendorff's, nominal
    p: float | None
    note: str | None = None

    def __str__(self) -> str:
        if self.note:
            return self.note
        coefficients = [fmt.UNDEFINED if x is None else fmt.decimal(x, 3) for x in (self.kappa, self.alpha)]
        same = [fmt.UNDEFINED if x is None else fmt.percent(x) for x in (self.same, self.same_by_chance)]
        rows = [("Fleiss' kappa", coefficients[0]), ("Krippendorff's alpha", coefficients[1])]
        rows += [("Two participants chose the same", same[0]), ("... by chance", same[1])]
        return fmt.text_table(("Agreement", ""), rows)


def agreement(table: ArrayLike, seed: int = SEED, n_permutations: int = PERMUTATIONS) -> Agreement:
    """Measure agreement in `table`, the votes of each question for each method: (questions, methods).

    Fleiss (1971), Psychological Bulletin 76:378; Krippendorff (2019), Content Analysis, chapter 12. The
    package krippendorff gives the same alpha from the same table (a test compares them).
    """
    counts = np.asarray(table, dtype=np.int64)
    counts = counts[counts.sum(axis=1) > 1]
    n, sizes = int(counts.sum()), counts.sum(axis=1)
    if len(counts) < 2:
        note = "agreement is undefined: fewer than two questions were answered by two participants"
        return Agreement(len(counts), n, None, None, None, None, None, note)
    totals = counts.sum(axis=0)
    expected = 1 - float((totals * (totals - 1)).sum()) / (n * (n - 1))  # disagreement by chance
    if expected == 0:
        note = "agreement is undefined: every vote was for one method"
        return Agreement(len(counts), n, 1.0, 1.0, None, None, None, note)
    observed = float(_disagreement(counts, sizes))
    equally_answered = len(set(sizes.tolist())) == 1
    return Agreement(
        n_questions=len(counts),
        n_votes=n,
        same=1 - observed,
        same_by_chance=1 - expected,
        kappa=float(fleiss_kappa(counts)) if equally_answered else None,
        alpha=1 - observed / expected,
        p=permutation_p(counts, sizes, observed, seed, n_permutations),
    )


def permutation_p(
    counts: Integers, sizes: Integers, observed: float, seed: int, n_permutations: int
) -> float:
    """Return how often votes permuted over the questions agree at least as much.

    Permuted tables are random tables with both margins of `counts`, (questions, methods).
    """
    distribution = stats.random_table(sizes, counts.sum(axis=0))
    rng = np.random.default_rng(seed)
    tables = distribution.rvs(size=n_permutations, random_state=rng)  # (permutations, questions, methods)
    disagreement = _disagreement(np.asarray(tables, dtype=np.int64), sizes)
    return float(((disagreement <= observed + 1e-12).sum() + 1) / (n_permutations + 1))


def _disagreement(counts: Integers, sizes: Integers) -> Floats:
    """Return how often two votes on one question differ, each question weighing by its votes.

    `counts` is (..., questions, methods).
    """
    same = (counts * (counts - 1)).sum(axis=-1) / (sizes - 1)
    return np.asarray(1 - same.sum(axis=-1) / sizes.sum(), dtype=float)
