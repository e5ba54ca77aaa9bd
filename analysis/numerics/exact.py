"""Groups of numbers as integers over one common denominator, so that sums of squares are exact.

Sums of squares in floats lose digits where the mean is large compared with the spread: in NIST StRD SmLs07
the first 13 digits of all numbers are equal, and plain float sums leave no correct digit of F. Every float is
a fraction, and so is every share of votes; integers add up without rounding.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.numerics.arrays import Floats, Integers

Groups = Mapping[str, Iterable[Any]]  # name -> numbers: int, float, Fraction, Decimal or NumPy's


class ExactGroups(ABC):
    """Groups of numbers over one common denominator, with the sums that analyses of variance need.

    `sums`, `squares` and `products` are those of the numerators: integers of any size.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    denominator: int

    @staticmethod
    def convert(groups: "Groups | ExactGroups") -> "ExactGroups":
        """Convert a mapping of names to numbers.

        Raises TypeError for anything that is not a mapping of names to numbers, and ValueError for NaN,
        infinity, an empty group or fewer than two groups.
        """
        if isinstance(groups, ExactGroups):
            return groups
        if not isinstance(groups, Mapping):
            raise TypeError(f"groups must map names to numbers, not {type(groups).__name__}")
        ratios = {str(name): [_ratio(value, name) for value in values] for name, values in groups.items()}
        if len(ratios) < len(groups):
            raise ValueError("two groups have the same name when it is written as text; rename one")
        if len(ratios) < 2:
            raise ValueError(f"a comparison needs at least two groups, and there is {len(ratios) or 'none'}")
        for name, values in ratios.items():
            if not values:
                raise ValueError(f"group {name!r} is empty; leave it out or give it at least one number")
        denominator = math.lcm(*{below for values in ratios.values() for _, below in values})
        numerators = {n: [above * (denominator // below) for above, below in v] for n, v in ratios.items()}
        return ExactNumbers(numerators, denominator)

    @property
    @abstractmethod
    def sums(self) -> tuple[int, ...]:
        """Sum of each group."""

    @property
    @abstractmethod
    def squares(self) -> tuple[int, ...]:
        """Sum of the squares of each group."""

    @property
    @abstractmethod
    def products(self) -> tuple[tuple[int, ...], ...]:
        """Sums of products of every two groups, (groups, groups). The groups must have equal sizes."""

    @property
    @abstractmethod
    def ranks(self) -> Floats:
        """Ranks of the i-th numbers of all groups: (numbers, groups). Ties share their mean rank."""

    @property
    @abstractmethod
    def values(self) -> Floats:
        """The numbers as floats, (numbers, groups). The groups must have equal sizes."""

    def mean(self, group: int) -> Fraction:
        """The exact mean of a group."""
        return Fraction(self.sums[group], self.sizes[group] * self.denominator)

    def variance(self, group: int) -> Fraction:
        """The exact sample variance of a group, over n - 1; 0 for a single number."""
        n, total = self.sizes[group], self.sums[group]
        if n < 2:
            return Fraction()
        return Fraction(n * self.squares[group] - total**2, n * (n - 1) * self.denominator**2)

    def covariances(self) -> list[list[Fraction]]:
        """Sample covariances of every two groups, (groups, groups); needs at least two numbers in each."""
        n, sums, products = self.sizes[0], self.sums, self.products
        below, k = n * (n - 1) * self.denominator**2, range(len(sums))
        return [[Fraction(n * products[i][j] - sums[i] * sums[j], below) for j in k] for i in k]


class ExactNumbers(ExactGroups):
    """Groups of any numbers: `numerators[name][i] / denominator`."""

    def __init__(self, numerators: Mapping[str, list[int]], denominator: int) -> None:
        self.denominator = denominator
        self.names = tuple(numerators)
        self._columns = list(numerators.values())
        self.sizes = tuple(map(len, self._columns))

    @cached_property
    def sums(self) -> tuple[int, ...]:
        return tuple(map(sum, self._columns))

    @cached_property
    def squares(self) -> tuple[int, ...]:
        return tuple(sum(value * value for value in column) for column in self._columns)

    @cached_property
    def products(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(sum(map(int.__mul__, a, b)) for b in self._columns) for a in self._columns)

    @cached_property
    def ranks(self) -> Floats:
        """Ranks of the integers, because two numbers may differ by less than floats can tell apart."""
        rows = []
        for row in zip(*self._columns, strict=True):
            order = {value: rank for rank, value in enumerate(sorted(set(row)))}
            rows.append([order[value] for value in row])
        return np.asarray(stats.rankdata(rows, axis=1), dtype=float)

    @cached_property
    def values(self) -> Floats:
        columns = [[to_float(Fraction(x, self.denominator), "a number") for x in c] for c in self._columns]
        return np.array(columns, dtype=float).T


class ExactShares(ExactGroups):
    """Each participant's counts divided by a total, such as the number of their answers.

    `table` (participants, groups) holds counts. `totals` (participants,) is what they are divided by, above 0
    and at least the row's sum; by default that sum, so that a participant's shares add up to 1. Rows with the
    same total share a factor, which keeps their sums in machine integers.
    """

    def __init__(self, table: Integers, names: Sequence[str], totals: Integers | None = None) -> None:
        self.names, self._table = tuple(names), table
        self.sizes = (len(table),) * len(self.names)
        self.totals = table.sum(axis=1) if totals is None else totals
        self._totals, self._kinds = np.unique(self.totals, return_inverse=True)
        self.denominator = math.lcm(*self._totals.tolist())
        largest = int(self._totals[-1])
        self._dtype = np.int64 if largest**2 * len(table) < 2**62 else object

    @cached_property
    def _parts(self) -> list[tuple[int, NDArray[Any]]]:
        """The factor of the counts and the rows of each distinct total."""
        rows = [self._table[self._kinds == kind] for kind in range(len(self._totals))]
        factors = [self.denominator // total for total in self._totals.tolist()]
        return [(factor, part.astype(self._dtype)) for factor, part in zip(factors, rows, strict=True)]

    @cached_property
    def sums(self) -> tuple[int, ...]:
        parts = [[factor * total for total in part.sum(axis=0).tolist()] for factor, part in self._parts]
        return tuple(map(sum, zip(*parts, strict=True)))

    @cached_property
    def squares(self) -> tuple[int, ...]:
        return tuple(self.products[i][i] for i in range(len(self.names)))

    @cached_property
    def products(self) -> tuple[tuple[int, ...], ...]:
        parts = [(factor**2, (part.T @ part).tolist()) for factor, part in self._parts]
        k = range(len(self.names))
        return tuple(tuple(sum(factor * part[i][j] for factor, part in parts) for j in k) for i in k)

    @cached_property
    def ranks(self) -> Floats:
        """Ranks of the counts, which order a participant's groups as the shares do."""
        return np.asarray(stats.rankdata(self._table, axis=1), dtype=float)

    @cached_property
    def values(self) -> Floats:
        return np.asarray(self._table / self.totals[:, None], dtype=float)


def to_float(value: Fraction, name: str) -> float:
    """Round `value` to the nearest float. Raises ValueError, with `name`, where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} is larger than the largest float (1.8e308); rescale the numbers") from None


def _ratio(value: Any, group: object) -> tuple[int, int]:
    if hasattr(value, "__index__"):  # int, bool and NumPy's integers
        return value.__index__(), 1
    try:
        above, below = value.as_integer_ratio()
    except AttributeError:
        kind = type(value).__name__
        raise TypeError(f"group {str(group)!r} holds {value!r} ({kind}), which is not a number") from None
    except (ValueError, OverflowError):
        raise ValueError(f"group {str(group)!r} holds {value!r}, which is not a finite number") from None
    return int(above), int(below)
