"""How often each question was answered, and weights that let each question count equally.

Where participants see different subsets of the questions, a study in which one kind of question was shown
more often measures the methods on that kind. Codes of participants and questions come in, one weight for each
answer comes out: 1 unless the exposure of the questions is demonstrably unequal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.05  # below this p the questions were not shown equally often


@dataclass(frozen=True)
class Exposure:
    """How often `n_questions` were answered, and a test of equal exposure.

    `fewest` and `most` are the smallest and largest number of answers to a question. The test compares the
    spread of these numbers with that of random subsets: chi-squared with `df` degrees of freedom.
    """

    n_questions: int
    fewest: int
    most: int
    chi_squared: float
    df: int
    p: float

    @property
    def unequal(self) -> bool:
        """Whether the questions were demonstrably shown unequally often."""
        return self.p < LEVEL


def measure_exposure(participant: NDArray[np.int64], question: NDArray[np.int64]) -> Exposure | None:
    """Test whether the questions were answered equally often; None where everybody answered all of them.

    `participant` and `question` are codes from 0, one for each answer, and a participant answers a question
    once at most. If each participant p saw a random subset, the share f_p of the questions, the number n_q of
    answers to a question has the variance V = sum_p f_p (1 - f_p), and
    (Q - 1) / Q * sum_q (n_q - mean)^2 / V is about chi-squared with Q - 1 degrees of freedom: the chi-squared
    test of equal frequencies with the correction for sampling without replacement. Balanced subsets give
    smaller values, so that the test is conservative there.
    """
    if not len(question):
        return None
    per_question = np.bincount(question)
    per_question = per_question[per_question > 0]
    n_questions = len(per_question)
    seen = np.bincount(participant) / n_questions  # f_p
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


def question_weights(question: NDArray[np.int64]) -> NDArray[np.float64]:
    """One weight for each answer, inversely proportional to the answers to its question; their mean is 1."""
    per_question = np.bincount(question)
    n_questions = np.count_nonzero(per_question)
    return np.asarray(len(question) / (n_questions * per_question[question]), dtype=float)
