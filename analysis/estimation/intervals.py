"""An estimate with its confidence interval, and the reason where there is none."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis import formatting as fmt


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval.

    `value` is None where the number is undefined, and `low` and `high` where no interval is stated.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def shown(self, show: Callable[[float], str]) -> str:
        """The number and its interval as text: "0.30 (0.26 to 0.35)"."""
        if self.value is None:
            return fmt.UNDEFINED
        if self.low is None or self.high is None:
            return show(self.value)
        return f"{show(self.value)} ({show(self.low)} to {show(self.high)})"
