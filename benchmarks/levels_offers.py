"""How often the tests of the choice model reject where methods were offered unequally and none is preferred.

Simulated studies of people whose tastes are drawn from a Dirichlet distribution with the intraclass
correlation ICC. Each chooses from what is offered in proportion to the own tastes. `rates` gives the share of
studies, at 5%, in which the omnibus test rejects, in which any pair differs, and in which the trace test
(used under separation) rejects.

    python -m benchmarks.levels_offers 2000
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.choice_models.choice_model import fit_model
from analysis.choice_models.equal_choice import trace_test, wald_test
from analysis.choice_models.separation import find_components
from analysis.estimation import simultaneous
from analysis.estimation.simultaneous import LargestT, pair_matrix
from analysis.numerics.arrays import Floats
from analysis.votes.offers import ChoiceData
from benchmarks.batched_choices import fit_batch

Bools = NDArray[np.bool_]

ALPHA = 0.05
BATCH, VERIFIED = 20, 10
JUDGED = ("omnibus", "any pair", "both", "trace")
ANSWERS, METHODS = 20, 6
ICC = (0.05, 0.1)
PEOPLE = (12, 20, 40, 83)
QUESTIONS, SEEN = 20, 5
PREFERENCE = (0.24, 0.18, 0.15, 0.15, 0.14, 0.14)  # of one realistic alternative


def some(size: int, methods: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Bools:
    """Random sets of `size` methods, (*shape, methods)."""
    return np.asarray(rng.random((*shape, methods)).argsort(axis=-1) < size)


def four_of_six(n: int, rng: np.random.Generator) -> Bools:
    return some(4, METHODS, rng, (n, ANSWERS))


def baseline_always(n: int, rng: np.random.Generator) -> Bools:
    others = some(3, METHODS - 1, rng, (n, ANSWERS))
    return np.concatenate([np.ones((n, ANSWERS, 1), dtype=np.bool_), others], axis=2)


def added_half_way(n: int, rng: np.random.Generator) -> Bools:
    offered = np.ones((n, ANSWERS, METHODS), dtype=np.bool_)
    offered[:, : ANSWERS // 2, -1] = False
    return offered


def unequal_pairs(n: int, rng: np.random.Generator) -> Bools:
    """Pairs of methods, the most frequent 15 times as often as the rarest."""
    pairs = np.array([(a, b) for a in range(METHODS) for b in range(a)])
    frequency = np.arange(1, len(pairs) + 1)
    drawn = pairs[rng.choice(len(pairs), (n, ANSWERS), p=frequency / frequency.sum())]
    offered = np.zeros((n, ANSWERS, METHODS), dtype=np.bool_)
    np.put_along_axis(offered, drawn, True, axis=2)
    return offered


OFFERS: dict[str, Callable[[int, np.random.Generator], Bools]] = {
    "random 4 of 6": four_of_six,
    "one always shown, 3 of 5 others": baseline_always,
    "one added after half the questions": added_half_way,
    "pairs with unequal counts": unequal_pairs,
}
UNEQUAL_QUESTIONS = "5 of 20 questions, one kind 3 times as often"
UNEQUAL_ANSWERS = "random 4 of 6, 4 to 20 answers each"
SETTINGS = (*OFFERS, UNEQUAL_ANSWERS, UNEQUAL_QUESTIONS)


def study(
    setting: str, n: int, icc: float, rng: np.random.Generator, preference: tuple[float, ...] | None = None
) -> ChoiceData:
    """One study of `n` people; without a `preference`, the methods are equal."""
    if setting == UNEQUAL_QUESTIONS:
        return questions_study(n, icc, rng)
    offered = four_of_six(n, rng) if setting == UNEQUAL_ANSWERS else OFFERS[setting](n, rng)
    mean = np.array(preference or [1 / METHODS] * METHODS)
    tastes = np.repeat(rng.dirichlet(mean * (1 / icc - 1), n)[:, None], ANSWERS, axis=1)
    answered = np.ones((n, ANSWERS), dtype=np.bool_)
    if setting == UNEQUAL_ANSWERS:
        answered = np.arange(ANSWERS) < rng.integers(4, ANSWERS + 1, (n, 1))
    people = np.nonzero(answered)[0]
    return data_of(people, offered[answered], tastes[answered], np.ones(len(people)), rng)


def questions_study(n: int, icc: float, rng: np.random.Generator) -> ChoiceData:
    """Everybody sees 5 of 20 questions: 10 favour two methods, 10 the other two, and are seen more often.

    The four methods are equal over the 20 questions, and each question has the same weight.
    """
    kind = np.arange(QUESTIONS) % 2
    lots = -np.log(rng.random((n, QUESTIONS))) / np.where(kind == 1, 3.0, 1.0)
    seen = lots.argsort(axis=1)[:, :SEEN].ravel()
    favoured = np.array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]])[kind[seen]]
    people = np.repeat(np.arange(n), SEEN)
    tastes = 0.7 * rng.dirichlet([(1 / icc - 1) / 4] * 4, n)[people] + 0.3 * favoured
    weights = 1 / np.bincount(seen, minlength=QUESTIONS)[seen]
    offered = np.ones((len(seen), 4), dtype=np.bool_)
    return data_of(people, offered, tastes, weights / weights.mean(), rng)


def data_of(
    people: NDArray[np.int64], offered: Bools, tastes: Floats, weights: Floats, rng: np.random.Generator
) -> ChoiceData:
    """Choices from what is offered, in proportion to tastes: (answers, methods)."""
    chances = np.where(offered, tastes + 1e-12, 0.0).cumsum(axis=1)
    chosen = (rng.random((len(people), 1)) * chances[:, -1:] > chances).sum(axis=1)
    n, k = offered.shape
    nothing = np.full(n, -1)
    names = tuple("ABCDEF"[:k])
    position = np.zeros((n, k), dtype=np.int64)
    return ChoiceData(names, people, None, None, (), offered, chosen, nothing, position, weights)


def rates(
    setting: str,
    n: int,
    runs: int,
    seed: int,
    icc: float = 0.1,
    preference: tuple[float, ...] | None = None,
) -> dict[str, float]:
    """Share of `runs` studies in which the omnibus test, any pair and the trace test reject at 5%.

    Studies are fitted in batches; the first `VERIFIED` of the first batch are also judged by the product's
    functions. Raises AssertionError where the two differ.
    """
    # Right to 1e-3 of a critical value, and much faster; other tests of this process need the usual number.
    with mock.patch.object(simultaneous, "DIRECTIONS", 1 << 12):
        verdicts = _judge_studies(setting, n, runs, seed, icc, preference)
    return dict(zip(JUDGED, np.mean(verdicts, axis=0).tolist(), strict=True))


def _judge_studies(
    setting: str, n: int, runs: int, seed: int, icc: float, preference: tuple[float, ...] | None
) -> list[tuple[bool, bool, bool, bool]]:
    verdicts: list[tuple[bool, bool, bool, bool]] = []
    for start in range(0, runs, BATCH):
        studies = [
            study(setting, n, icc, np.random.default_rng((seed, run)), preference)
            for run in range(start, min(start + BATCH, runs))
        ]
        verdicts += _judge_batch(studies)
        if start == 0:
            for data, quick in list(zip(studies, verdicts, strict=True))[:VERIFIED]:
                assert quick == judge(data), f"the batch of {setting} differs from fit_model"
    return verdicts


def judge(data: ChoiceData) -> tuple[bool, bool, bool, bool]:
    """Whether the omnibus test, any pair, both and the trace test reject, as `fit_worths` judges them."""
    components = find_components(data)
    fitted, _ = fit_model(data, components)
    trace = (trace_test(data).p or 1.0) <= ALPHA
    if fitted is None:
        return trace, False, False, trace
    pair = _any_pair(fitted.log_worths, fitted.covariance, fitted.n)
    omnibus = _wald(fitted.log_worths, fitted.covariance, fitted.n) if components.complete else trace
    return omnibus, pair, omnibus and pair, trace


def _judge_batch(studies: list[ChoiceData]) -> list[tuple[bool, bool, bool, bool]]:
    batch, n = fit_batch(studies), len(np.unique(studies[0].participant))
    mean = batch.moves.mean(axis=1)
    centred = batch.moves - mean[:, None]
    spread = np.swapaxes(centred, 1, 2) @ centred / (n - 1)
    trace = np.trace(spread, axis1=1, axis2=2)
    df = trace**2 / (spread**2).sum(axis=(1, 2))
    by_trace = special.fdtrc(df, df * (n - 1), n * (mean**2).sum(axis=1) / trace) <= ALPHA
    judged = []
    for i, data in enumerate(studies):
        if not batch.fitted[i]:
            judged.append(judge(data))
            continue
        omnibus = _wald(batch.log_worths[i], batch.covariance[i], n)
        pair = _any_pair(batch.log_worths[i], batch.covariance[i], n)
        judged.append((omnibus, pair, omnibus and pair, bool(by_trace[i])))
    return judged


def _wald(log_worths: Floats, covariance: Floats, n: int) -> bool:
    return (wald_test(log_worths[1:], covariance[1:, 1:], n).p or 1.0) <= ALPHA


def _any_pair(log_worths: Floats, covariance: Floats, n: int) -> bool:
    """Whether any pair is significant, which the largest |t| decides.

    Its p lies between that of one contrast and Bonferroni's bound, and is only computed where these disagree.
    """
    k = len(log_worths)
    matrix, df = pair_matrix(list(combinations(range(k), 2)), k), n - k + 1
    spread = matrix @ covariance @ matrix.T
    errors = np.sqrt(spread.diagonal())
    largest = float(np.abs(matrix @ log_worths / errors).max())
    one = 2 * special.stdtr(df, -largest)
    if not ALPHA / len(matrix) < one <= ALPHA:
        return bool(one <= ALPHA)
    return LargestT(spread / np.outer(errors, errors), df).tail(largest)[0] <= ALPHA


Job = tuple[str, int, int, float, tuple[float, ...] | None]


def tables(runs: int = 2000, processes: int = 2) -> list[str]:
    """Rejections without a preference, and power with one, in Markdown."""
    jobs: list[Job]
    jobs = [(setting, n, runs, icc, None) for icc in reversed(ICC) for setting in SETTINGS for n in PEOPLE]
    jobs += [("random 4 of 6", n, runs, 0.05, PREFERENCE) for n in PEOPLE]
    with ProcessPoolExecutor(processes) as pool:
        rows = []
        for row in pool.map(_row, jobs):
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
    lines = [
        f"## Methods offered unequally often ({runs:,} studies of each row)",
        "",
        f"No method is preferred, except in the last {len(PEOPLE)} rows, which show power. Six methods and "
        f"{ANSWERS} answers each; in the setting of unequal questions, four methods and {SEEN} answers. "
        "Omnibus test: Wald with CR3 errors, referred to F(r, n - r), or the trace test where a method was "
        "never or always chosen over others. Any pair: some simultaneous p of the pairs is below 5%. Trace: "
        f"that test alone. Studies are fitted in batches; in every row {VERIFIED} of them were judged by "
        "the product's functions too, with equal verdicts.",
        "",
        "| Setting | People | ICC | Omnibus | Any pair | Both | Trace |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
    ]
    return ["\n".join(lines)]


def _row(job: Job) -> str:
    setting, n, runs, icc, preference = job
    found = rates(setting, n, runs, 1, icc, preference)
    title = setting if preference is None else f"{setting}, with a preference"
    return f"| {title} | {n} | {icc:g} | " + " | ".join(f"{100 * x:.1f}%" for x in found.values()) + " |"


if __name__ == "__main__":
    print("\n\n".join(tables(*map(int, sys.argv[1:]))))
