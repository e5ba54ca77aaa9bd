"""How often the methods are said to differ when the questions, not the methods, were shown unequally.

Each participant answers 5 of 20 questions. Half of the questions favour one method and half of them the
others, so that over the 20 all methods are equal; the first half is shown `ratio` times as often. The
weighted scores of the participants are tested by Hotelling's T-squared, referred to F(r, n - r) with the
effective number n of participants; without weights the test takes the exposure for a preference.
"""

import numpy as np
from numpy.typing import NDArray

from analysis.inference.hotelling import t_squared
from analysis.numerics.clusters import effective_number
from analysis.numerics.tails import f_tail
from analysis.votes.exposure import measure_exposure, question_weights

N_QUESTIONS, N_ANSWERED, N_METHODS = 20, 5, 4
PREFERENCE = np.array([0.2, -0.04, -0.08, -0.08])  # of the first half; RM-ANOVA rejects 62% at 40 people
ALPHA = 0.05


def draw(n: int, ratio: float, rng: np.random.Generator) -> tuple[NDArray[np.int64], ...]:
    """The participant, the question and the chosen method of each answer of `n` participants."""
    first_half = np.arange(N_QUESTIONS) < N_QUESTIONS // 2
    odds = np.where(first_half, ratio, 1.0)
    probabilities = 1 / N_METHODS + np.where(first_half[:, None], PREFERENCE, -PREFERENCE)
    keys = rng.exponential(size=(n, N_QUESTIONS)) / odds
    question = np.argsort(keys, axis=1)[:, :N_ANSWERED].ravel()
    ladder = probabilities[question].cumsum(axis=1)[:, :-1]
    chosen = (rng.random((len(question), 1)) > ladder).sum(axis=1)
    return np.repeat(np.arange(n), N_ANSWERED), question, chosen


def p_of_scores(
    participant: NDArray[np.int64], chosen: NDArray[np.int64], weights: NDArray[np.float64]
) -> float | None:
    """p of Hotelling's T-squared of the participants' sums of weight * (chosen - 1 / methods)."""
    n = int(participant.max()) + 1
    scores = np.zeros((n, N_METHODS))
    np.add.at(scores, (participant, chosen), weights)
    totals = np.bincount(participant, weights=weights, minlength=n)
    scores = (scores - totals[:, None] / N_METHODS)[:, :-1]
    effective, r = float(effective_number(totals)), N_METHODS - 1
    result = t_squared(scores.mean(axis=0), np.cov(scores.T), n)
    if result is None:
        return None
    F = result[0] * (effective - r) / ((effective - 1) * r)
    return f_tail(F, r, effective - r)[0]


def rejection_rates(n: int, ratio: float = 3.0, runs: int = 2000, seed: int = 0) -> dict[str, float]:
    """How often `runs` studies of `n` people reject that the methods are equal, with and without weights."""
    rng = np.random.default_rng((seed, n, round(ratio * 100)))
    rejected = {"weighted": 0, "unweighted": 0}
    for _ in range(runs):
        participant, question, chosen = draw(n, ratio, rng)
        ones = np.ones(len(question))
        exposure = measure_exposure(question, np.full(n, N_ANSWERED))
        unequal = exposure is not None and exposure.unequal
        weights = {"weighted": question_weights(question) if unequal else ones, "unweighted": ones}
        for name, those in weights.items():
            p = p_of_scores(participant, chosen, those)
            rejected[name] += p is not None and p < ALPHA
    return {name: number / runs for name, number in rejected.items()}


def tables(runs: int = 2000) -> list[str]:
    """Rejections with and without weights, in Markdown."""
    lines = [
        f"## Questions shown unequally often ({runs:,} studies of each row)",
        "",
        f"{N_ANSWERED} of {N_QUESTIONS} questions each. Over all questions the {N_METHODS} methods are "
        "equal; one kind of question favours one of them, and was shown so many times as often. Hotelling's "
        "T-squared of the participants' weighted scores, with an effective number of participants.",
        "",
        "| Shown times as often | People | Weighted | Unweighted (not in any report) |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for ratio in (3.0, 1.0):
        for n in (12, 20, 40, 83):
            found = rejection_rates(n, ratio, runs)
            cells = " | ".join(f"{found[name]:.1%}" for name in ("weighted", "unweighted"))
            lines.append(f"| {ratio:g} | {n} | {cells} |")
    return ["\n".join(lines)]


if __name__ == "__main__":
    import sys

    print("\n\n".join(tables(*map(int, sys.argv[1:]))))
