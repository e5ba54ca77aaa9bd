"""What each counted answer offered and chose: the input of choice models.

A vote table and its counts come in, arrays with one row for each counted answer come out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
TIE = -1


@dataclass(frozen=True, eq=False)
class ChoiceData:
    """The counted answers, one row each, in the order of the table.

    `methods` are those of the counts. `participant` (answers,) are places in `Counts.participants`, and
    `question` and `labels` codes from 0, -1 where blank; None for a table without the column. `offered`
    (answers, methods) says which methods an answer could choose: all of them where its row does not say.
    `chosen` and `worst` (answers,) are indices into `methods`; `chosen` is `none_code` for "none of these"
    and TIE for a tie, `worst` -1 where nothing was named. `position` (answers, methods) is the display
    position of each method, from 1, and 0 where it is not known. `weights` (answers,) are 1 unless questions
    were shown unequally often; then each question counts equally, and the mean weight is 1.
    """

    methods: tuple[str, ...]
    participant: Integers
    question: Integers | None
    labels: Integers | None
    label_names: tuple[str, ...]
    offered: NDArray[np.bool_]
    chosen: Integers
    worst: Integers
    position: Integers
    weights: NDArray[np.float64]

    @property
    def none_code(self) -> int:
        """The value of `chosen` for "none of these"."""
        return len(self.methods)

    def __len__(self) -> int:
        return len(self.chosen)
