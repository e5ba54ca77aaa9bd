"""Offers and choices of each counted answer: the input of choice models.

A vote table and its counts come in, arrays with one row for each counted answer come out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.numerics.arrays import Booleans, Floats, Integers
from analysis.votes.columns import METHOD_COLUMNS, place_of
from analysis.votes.counting import Counts
from analysis.votes.exposure import question_weights
from analysis.votes.table import VoteTable

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
    offered: Booleans
    chosen: Integers
    worst: Integers
    position: Integers
    weights: Floats

    @property
    def none_code(self) -> int:
        """The value of `chosen` for "none of these"."""
        return len(self.methods)

    def __len__(self) -> int:
        return len(self.chosen)


def choice_data(table: VoteTable, counts: Counts, rows: Booleans | None = None) -> ChoiceData:
    """The answers behind `counts`, of those where `rows` holds if given to `VoteTable.counts` too."""
    ballots, methods = table.ballots, counts.methods
    counted = ballots.answered & table.is_included(counts)
    if rows is not None:
        counted = counted & rows
    here: slice | Booleans = slice(None) if counted.all() else counted  # a slice copies nothing
    used = [name for name in ("question", "label", "worst_method") if name in table.answers]
    answers = table.answers[used].loc[here]
    places = np.cumsum(table.members(counts)) - 1  # participants of `counts` are in the order of the table
    order = pd.Index(ballots.methods).get_indexer(pd.Index(methods))  # (methods,)
    back = np.full(len(ballots.methods) + 1, -1, dtype=np.int64)  # the last takes -1
    back[order] = np.arange(len(methods))
    chosen = np.where(ballots.none[here], len(methods), back[ballots.chosen[here]])
    chosen[ballots.tied[here]] = TIE
    n, k = len(answers), len(methods)
    everything = np.ones((n, k), dtype=np.bool_)
    position = np.zeros((n, k + 1), dtype=np.int64)  # the last column takes the blanks
    first = np.arange(0, n * (k + 1), k + 1)  # cell of each answer
    for column in reversed([column for column in METHOD_COLUMNS if column in table.answers]):
        position.ravel()[first + back[ballots.codes(column)[here]] % (k + 1)] = place_of(column)
    worst = np.full(n, -1, dtype=np.int64)
    if "worst_method" in answers:
        named = pd.Index(answers["worst_method"].astype(object))
        worst = pd.Index(methods).get_indexer(named).astype(np.int64)
    question, _ = _codes(answers, "question")
    labels, label_names = _codes(answers, "label")
    return ChoiceData(
        methods=methods,
        participant=np.asarray(places[ballots.participant[here]], dtype=np.int64),
        question=question,
        labels=labels,
        label_names=label_names,
        offered=everything if ballots.offered is None else ballots.offered[here][:, order],
        chosen=chosen,
        worst=worst,
        position=position[:, :k],
        weights=question_weights(question)
        if counts.unequal_exposure and question is not None
        else np.ones(n),
    )


def _codes(answers: pd.DataFrame, column: str) -> tuple[Integers | None, tuple[str, ...]]:
    """Codes from 0 into the sorted names that occur, -1 for a blank; None where nothing is named."""
    if column not in answers:
        return None, ()
    values = answers[column].cat
    codes = values.codes.to_numpy()
    used = np.bincount(codes, minlength=len(values.categories)) > 0
    names = sorted(str(name) for name in values.categories[used] if name)
    if not names:
        return None, ()
    places = pd.Index(names, dtype=object).get_indexer(values.categories)
    return np.asarray(places[codes], dtype=np.int64), tuple(names)
