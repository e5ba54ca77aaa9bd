"""Numbers to integers over one common denominator, so that sums of squares are exact.

Sums of squares lose their digits where the mean is large beside the spread: in NIST StRD SmLs07 the first 13
digits are equal. Every float is a fraction, as is every share of votes, and integers add up without rounding.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Groups = Mapping[str, Iterable[Any]]  # name -> numbers: int, float, Fraction, Decimal or NumPy's


@dataclass(frozen=True)
class ExactGroups:
    """Each value is `numerators[name][i] / denominator`, with no rounding."""

    numerators: dict[str, list[int]]
    denominator: int

    @classmethod
    def of(cls, groups: "Groups | ExactGroups") -> "ExactGroups":
        """Raises TypeError for what is not a mapping of name to numbers, and ValueError for NaN, infinity, an
        empty group or fewer than two groups.
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
        return cls(numerators, denominator)

    def mean(self, name: str) -> Fraction:
        values = self.numerators[name]
        return Fraction(sum(values), len(values) * self.denominator)

    def floats(self, name: str) -> list[float]:
        """The floats next to the values."""
        return [value / self.denominator for value in self.numerators[name]]

    @property
    def all_equal(self) -> bool:
        return len({value for values in self.numerators.values() for value in values}) == 1


def to_float(value: Fraction, name: str) -> float:
    """The float next to `value`; a ValueError that names it where there is none."""
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
