"""Dependence of choices on the class (the label) that a question shows."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.numerics.arrays import Booleans, Floats, Integers
from analysis.votes.columns import codes_of, of_each

PERMUTATIONS = 499
_MIN_PERMUTATIONS = 99
_WORK = 20_000_000  # votes times permutations
_VOTES_PER_BLOCK = 1 << 15  # their keys fit into a core's cache
_LAST = np.uint64(2**64 - 1)


@dataclass(frozen=True)
class ClassByMethod:
    """Votes of each class for each method, and whether the classes differ.

    `p` belongs to a permutation test that permutes each participant's votes over the questions they answered,
    with the chi-squared statistic of the table; a chi-squared test would take all votes as independent. Its
    null hypothesis is that a participant's votes do not depend on the class.
    """

    labels: tuple[str, ...]
    methods: tuple[str, ...]
    votes: Integers  # (classes, methods)
    cramers_v: float
    p: float
    permutations: int


def check_classes(
    votes: pd.DataFrame, methods: tuple[str, ...], seed: int, n_permutations: int = PERMUTATIONS
) -> ClassByMethod | None:
    """Test counted answers with `participant`, `label` and `chosen_method`.

    None without `label`, and with fewer than two labels or chosen methods. Above 40,000 votes there are fewer
    permutations, at least 99.
    """
    if "label" not in votes:
        return None
    named = votes[of_each(votes["label"], bool, np.bool_)]
    (label_codes, names), (method_codes, chosen) = codes_of(named["label"]), codes_of(named["chosen_method"])
    labels = sorted(names, key=lambda label: (len(label), label))
    used = [method for method in methods if method in chosen]
    if len(labels) < 2 or len(used) < 2:
        return None
    rows = pd.Index(labels).get_indexer(pd.Index(names))[label_codes]
    columns = pd.Index(used).get_indexer(pd.Index(chosen))[method_codes]
    people = codes_of(named["participant"])[0]
    shape = (len(labels), len(used))
    observed = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    chi_squared = float(((observed - expected) ** 2 / expected).sum())
    n_permutations = min(n_permutations, max(_MIN_PERMUTATIONS, _WORK // len(named)))
    as_far = count_as_far(rows, columns, people, expected, chi_squared, n_permutations, seed)
    full = np.zeros((len(labels), len(methods)), dtype=np.int64)
    full[:, [methods.index(method) for method in used]] = observed
    return ClassByMethod(
        labels=tuple(labels),
        methods=methods,
        votes=full,
        cramers_v=math.sqrt(chi_squared / observed.sum() / (min(shape) - 1)),
        p=(as_far + 1) / (n_permutations + 1),
        permutations=n_permutations,
    )


def count_as_far(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    people: Integers,
    expected: Floats,
    chi_squared: float,
    n_permutations: int,
    seed: int,
) -> int:
    """Count the permutations of `columns` within `people` whose table is as far from `expected`.

    Sorting permutes: each vote gets a random key that ends in its column, and the keys of each participant
    are sorted.
    """
    rng, (_, k) = np.random.default_rng(seed), expected.shape
    blocks = _blocks(people, rows * k, columns, expected.size)
    bits = np.uint64(max(1, (k - 1).bit_length()))
    mask = np.uint64((1 << int(bits)) - 1)
    as_far, step = 0, max(1, _VOTES_PER_BLOCK // len(people))
    for start in range(0, n_permutations, step):
        n = min(step, n_permutations - start)
        first = np.arange(n, dtype=np.uint64)[:, None, None] * np.uint64(expected.size + 1)
        counts = np.zeros(n * (expected.size + 1), dtype=np.int64)
        for cells, codes, absent in blocks:
            keys = rng.integers(0, 2**64, size=(n, *cells.shape), dtype=np.uint64)
            keys &= ~mask
            keys |= codes
            if absent is not None:
                keys[:, absent] = _LAST
            keys.sort(axis=2)
            keys &= mask
            keys += cells
            if absent is not None:
                keys[:, absent] = expected.size
            keys += first
            counts += np.bincount(keys.ravel().view(np.int64), minlength=len(counts))
        tables = counts.reshape(n, -1)[:, :-1].reshape(n, *expected.shape)
        distances = ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
        as_far += int((distances >= chi_squared - 1e-9).sum())
    return as_far


def _blocks(
    people: Integers, cells: NDArray[np.intp], columns: NDArray[np.intp], beyond: int
) -> list[tuple[NDArray[np.uint64], NDArray[np.uint64], Booleans | None]]:
    """Arrange the votes in rows by participant, participants with up to twice as many votes together.

    Returns the first cell of each vote's class, its column, and where a row has no vote, each (participants,
    votes); absent votes come last in each row, and the last is None where there are none.
    """
    order = np.argsort(people, kind="stable")
    sizes = np.bincount(people)
    starts = np.cumsum(sizes) - sizes
    magnitude = np.ceil(np.log2(np.maximum(sizes, 1)))
    blocks = []
    for each in np.unique(magnitude[sizes > 0]):
        members = np.flatnonzero((magnitude == each) & (sizes > 0))
        places = np.arange(sizes[members].max())
        absent = places >= sizes[members][:, None]  # (participants, votes)
        votes = order[np.where(absent, 0, starts[members][:, None] + places)]
        first = np.where(absent, beyond, cells[votes]).astype(np.uint64)
        codes, step = columns[votes].astype(np.uint64), max(1, _VOTES_PER_BLOCK // len(places))
        for start in range(0, len(members), step):
            part = slice(start, start + step)
            blocks.append((first[part], codes[part], absent[part] if absent[part].any() else None))
    return blocks
