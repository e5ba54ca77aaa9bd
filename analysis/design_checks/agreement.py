"""Do participants choose alike? Votes by question come in, Fleiss' kappa and Krippendorff's alpha come out.

Both are 0 on average where everybody votes by the shares of all votes without looking at the question, and 1
where all agree on each. Agreement is no virtue by itself: of a question without an answer there is none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis import formatting as fmt
from analysis.numerics.resampling import SEED

SHUFFLES = 999


@dataclass(frozen=True)
class Agreement:
    """Agreement about `n_questions` that at least two participants answered.

    `same` is how often two participants who answered the same question chose the same method, and
    `same_by_chance` how often they would with these shares and no regard to the question. `p` is from
    shuffling the votes over the questions. None where undefined, and `note` then says why.
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
        show = [fmt.UNDEFINED if x is None else fmt.decimal(x, 3) for x in (self.kappa, self.alpha)]
        same = [fmt.UNDEFINED if x is None else fmt.percent(x) for x in (self.same, self.same_by_chance)]
        rows = [("Fleiss' kappa", show[0]), ("Krippendorff's alpha", show[1])]
        rows += [("Two people chose the same", same[0]), ("... by chance", same[1])]
        return fmt.text_table(("Agreement", ""), rows)


def agreement(table: ArrayLike, seed: int = SEED, shuffles: int = SHUFFLES) -> Agreement:
    """`table` counts the votes of each question for each method: whole numbers, (questions, methods).

    Fleiss (1971), Psychological Bulletin 76:378; Krippendorff (2019), Content Analysis, chapter 12. The
    package krippendorff gives the same alpha, from a matrix of every participant and question.
    """
    counts = np.asarray(table, dtype=np.int64)
    counts = counts[counts.sum(axis=1) > 1]
    n, sizes = int(counts.sum()), counts.sum(axis=1)
    if len(counts) < 2:
        note = "agreement is undefined: fewer than two questions were answered by two participants"
        return Agreement(len(counts), n, None, None, None, None, None, note)
    totals = counts.sum(axis=0)
    expected_alpha = 1 - float((totals * (totals - 1)).sum()) / (n * (n - 1))  # of disagreeing
    if expected_alpha == 0:
        note = "agreement is undefined: every vote was for one method"
        return Agreement(len(counts), n, 1.0, 1.0, None, None, None, note)
    observed = _disagreement(counts, sizes)
    alpha = 1 - observed / expected_alpha
    kappa = None
    if len(set(sizes.tolist())) == 1:
        by_chance = float(((totals / n) ** 2).sum())
        kappa = (1 - observed - by_chance) / (1 - by_chance)
    p = _by_shuffling(counts, sizes, observed, seed, shuffles)
    return Agreement(len(counts), n, 1 - observed, 1 - expected_alpha, kappa, alpha, p)


def _disagreement(counts: NDArray[np.int64], sizes: NDArray[np.int64]) -> float:
    """How often two votes on one question differ, each question weighing by its votes."""
    same = (counts * (counts - 1)).sum(axis=-1) / (sizes - 1)
    return float(1 - same.sum() / sizes.sum())


def _by_shuffling(
    counts: NDArray[np.int64], sizes: NDArray[np.int64], observed: float, seed: int, shuffles: int
) -> float:
    """How often as much agreement comes from votes dealt to the questions at random.

    The dealt tables have the totals of both margins (multivariate hypergeometric, question by question).
    """
    rng = np.random.default_rng(seed)
    left = np.tile(counts.sum(axis=0), (shuffles, 1))  # (shuffles, methods)
    same = np.zeros(shuffles)
    for size in sizes:
        dealt = _dealt(left, int(size), rng)
        left -= dealt
        same += (dealt * (dealt - 1)).sum(axis=1) / (size - 1)
    disagreement = 1 - same / sizes.sum()
    return float(((disagreement <= observed + 1e-12).sum() + 1) / (shuffles + 1))


def _dealt(left: NDArray[np.int64], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """So many votes dealt from what is left, in each shuffle: method after method, hypergeometric."""
    dealt = np.zeros_like(left)
    rest, needed = left.sum(axis=1), np.full(len(left), size)
    for j in range(left.shape[1] - 1):
        rest = rest - left[:, j]
        dealt[:, j] = rng.hypergeometric(left[:, j], rest, needed)
        needed = needed - dealt[:, j]
    dealt[:, -1] = needed
    return dealt
