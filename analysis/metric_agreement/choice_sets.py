"""Votes as choices between maps: which maps each participant was offered, and which they chose.

A vote table comes in, arrays come out. A map is identified by method, label and replicate; a question is a
set of maps that were shown together.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.numerics.arrays import Integers
from analysis.votes.columns import METHOD_COLUMNS

Map = tuple[str, str, str]  # method, label, replicate


@dataclass(frozen=True)
class Choices:
    """Votes as arrays of numbers.

    `questions` (questions, options) holds numbers of `maps`, -1 where a question has fewer options. `person`,
    `question` and `place`, the chosen column of `questions`, are (votes,).
    """

    maps: tuple[Map, ...]
    questions: Integers
    person: Integers
    question: Integers
    place: Integers

    @property
    def n_people(self) -> int:
        return int(self.person.max()) + 1

    @cached_property
    def times_chosen(self) -> Integers:
        """The number of times that each person chose each map: (people, maps)."""
        return self._count(self.person, self.questions[self.question, self.place])

    @cached_property
    def times_offered(self) -> Integers:
        """The number of times that each person was offered each map: (people, maps)."""
        total = np.zeros((self.n_people, len(self.maps)), dtype=np.int64)
        for maps in self.questions[self.question].T:  # (votes,) of one option
            present = maps >= 0
            total += self._count(self.person[present], maps[present])
        return total

    def _count(self, people: Integers, maps: Integers) -> Integers:
        size = (self.n_people, len(self.maps))
        return np.bincount(people * size[1] + maps, minlength=size[0] * size[1]).reshape(size)


def choices(votes: pd.DataFrame) -> Choices | None:
    """Convert counted answers; None without `label`, `replicate` and the offered methods."""
    columns = [column for column in METHOD_COLUMNS if column in votes]
    if not {"label", "replicate"} <= set(votes) or len(columns) < 2 or votes.empty:
        return None
    cells = votes[[*columns, "label", "replicate", "chosen_method"]].astype(str).to_numpy()
    distinct, codes = np.unique(cells.astype(str), axis=0, return_inverse=True)
    maps: dict[Map, int] = {}
    questions: dict[tuple[int, ...], int] = {}
    choice_of_row: list[tuple[int, int]] = []  # of each distinct row: its question and chosen option
    for *offered, label, replicate, method in distinct.tolist():
        shown = sorted({name for name in offered if name})
        numbers = tuple(maps.setdefault((name, label, replicate), len(maps)) for name in shown)
        number = questions.setdefault(numbers, len(questions))
        choice_of_row.append((number, shown.index(method) if method in shown else -1))
    question, place = np.array(choice_of_row, dtype=np.int64)[codes.ravel()].T
    known = place >= 0
    if not known.any():
        return None
    return Choices(
        maps=tuple(maps),
        questions=_pad(list(questions)),
        person=pd.factorize(votes["participant"].to_numpy()[known])[0].astype(np.int64),
        question=question[known],
        place=place[known],
    )


def _pad(rows: list[tuple[int, ...]]) -> Integers:
    widest = max(map(len, rows))
    return np.array([[*row, *[-1] * (widest - len(row))] for row in rows], dtype=np.int64)
