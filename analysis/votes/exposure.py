"""Exposure of the questions, and weights that let each count equally.

Where participants see different subsets of the questions, a study in which one kind of question was shown
more often measures the methods on that kind. Codes of participants and questions come in, one weight for each
answer comes out: 1 unless the exposure of the questions is unequal.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.numerics.arrays import Floats, Integers

# Below this p each question is made to count equally. The level is high, because a test that is blind in a
# small study leaves the fault where it is: with 12 participants, 5 of 20 questions each and one kind shown
# three times as often, a level of .05 finds the unequal exposure in 27% of studies, and Hotelling's test then
# rejects 14% of true nulls; with .5 it rejects 5.5% (benchmarks/levels_exposure.py). Balanced subsets give a
# p near 1.
LEVEL = 0.5


@dataclass(frozen=True)
class Exposure:
    """The exposure of `n_questions`, and a test that it is equal.

    `fewest` and `most` say how often the questions shown least and most often were shown. The test compares
    the spread of these numbers with that of random subsets: chi-squared with `df` degrees of freedom.
    """

    n_questions: int
    fewest: int
    most: int
    chi_squared: float
    df: int
    p: float

    @property
    def unequal(self) -> bool:
        """True if exposure is less equal than random subsets typically make it."""
        return self.p < LEVEL


def measure_exposure(question: Integers, asked: Integers) -> Exposure | None:
    """Test whether the questions were shown equally often; None if all saw all of them.

    `question` is a code from 0 for each answer or question left unanswered, `asked` (participants,) how many
    of them are of each participant, who is asked a question once at most. If each participant p saw a random
    subset, the share f_p of the questions, then the number n_q of times that question q was shown has the
    variance V = sum_p f_p (1 - f_p), and (Q - 1) / Q * sum_q (n_q - mean)^2 / V is about chi-squared with
    Q - 1 degrees of freedom: the test of equal frequencies with the correction for sampling without
    replacement. Balanced subsets give smaller values, so that the test is conservative there.
    """
    if not len(question):
        return None
    per_question = np.bincount(question)
    per_question = per_question[per_question > 0]
    n_questions = len(per_question)
    seen = asked / n_questions  # f_p
    variance = float((seen * (1 - seen)).sum())
    if n_questions < 2 or variance < 1e-9:
        return None
    spread = float(((per_question - per_question.mean()) ** 2).sum())
    chi_squared, df = (n_questions - 1) / n_questions * spread / variance, n_questions - 1
    return Exposure(
        n_questions=n_questions,
        fewest=int(per_question.min()),
        most=int(per_question.max()),
        chi_squared=chi_squared,
        df=df,
        p=float(stats.chi2.sf(chi_squared, df)),
    )


def question_weights(question: Integers) -> Floats:
    """One weight for each answer, inversely proportional to the answers to its question; their mean is 1."""
    per_question = np.bincount(question)
    n_questions = np.count_nonzero(per_question)
    return np.asarray(len(question) / (n_questions * per_question[question]), dtype=float)
