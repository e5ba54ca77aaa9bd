"""Votes as choices between maps: who was offered which maps, and chose which. Votes in, arrays out.

A map is a method's picture of a class and replicate; a question is the maps that stood together.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.votes.columns import METHOD_COLUMNS

Map = tuple[str, str, str]  # method, label, replicate
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Choices:
    """`maps` by number; `questions` (questions, options) numbers of maps, -1 where there are fewer; for each
    vote its `person`, its `question` and the `place` (column of `questions`) that was chosen."""

    maps: tuple[Map, ...]
    questions: Numbers
    person: Numbers
    question: Numbers
    place: Numbers

    @property
    def n_people(self) -> int:
        return int(self.person.max()) + 1

    @cached_property
    def chosen(self) -> Numbers:
        """How often each person chose each map: (people, maps)."""
        return self._count(self.person, self.questions[self.question, self.place])

    @cached_property
    def offered(self) -> Numbers:
        """How often each person was offered each map: (people, maps)."""
        total = np.zeros((self.n_people, len(self.maps)), dtype=np.int64)
        for maps in self.questions[self.question].T:  # (votes,) of one place
            there = maps >= 0
            total += self._count(self.person[there], maps[there])
        return total

    def _count(self, people: Numbers, maps: Numbers) -> Numbers:
        size = (self.n_people, len(self.maps))
        return np.bincount(people * size[1] + maps, minlength=size[0] * size[1]).reshape(size)


def choices(votes: pd.DataFrame) -> Choices | None:
    """`votes` are counted answers; None without `label`, `replicate` and the methods that stood to choose."""
    columns = [column for column in METHOD_COLUMNS if column in votes]
    if not {"label", "replicate"} <= set(votes) or len(columns) < 2 or votes.empty:
        return None
    cells = votes[[*columns, "label", "replicate", "chosen_method"]].astype(str).to_numpy()
    distinct, codes = np.unique(cells.astype(str), axis=0, return_inverse=True)
    maps: dict[Map, int] = {}
    questions: dict[tuple[int, ...], int] = {}
    where: list[tuple[int, int]] = []  # of each distinct row: its question and the place of its choice
    for *offered, label, replicate, method in distinct.tolist():
        shown = sorted({name for name in offered if name})
        numbers = tuple(maps.setdefault((name, label, replicate), len(maps)) for name in shown)
        found = questions.setdefault(numbers, len(questions))
        where.append((found, shown.index(method) if method in shown else -1))
    question, place = np.array(where, dtype=np.int64)[codes.ravel()].T
    known = place >= 0
    if not known.any():
        return None
    return Choices(
        maps=tuple(maps),
        questions=_padded(list(questions)),
        person=pd.factorize(votes["participant"].to_numpy()[known])[0].astype(np.int64),
        question=question[known],
        place=place[known],
    )


def _padded(rows: list[tuple[int, ...]]) -> Numbers:
    widest = max(map(len, rows))
    return np.array([[*row, *[-1] * (widest - len(row))] for row in rows], dtype=np.int64)
