"""The design of a choice model: choice data in, the arrays of `conditional_logit.fit` out.

The utility of a method is the logarithm of its worth, 0 for the reference. From a set of methods the choice
is Luce's (1959, Individual Choice Behavior), which for pairs is Bradley and Terry's (1952, Biometrika
39:324). A tie is a further alternative, as in Davidson (1970, JASA 65:317): its utility is a constant plus
the mean utility of the methods that were offered. "None of these" is one with a constant of its own. The
worst method is a second choice, from the methods that remain, with the sign reversed. A display position
adds a constant to the utility of the method shown there.
"""

from dataclasses import dataclass

import numpy as np

from analysis.numerics.arrays import Booleans, Floats, Integers
from analysis.votes.offers import TIE, ChoiceData

NONE, TIED = "none of these", "tie"


@dataclass(frozen=True, eq=False)
class Design:
    """The arrays that `conditional_logit.fit` takes, for some `methods` (indices).

    The alternatives are these methods, then "none of these" and a tie where they occur. The features are the
    methods but the first, which is the reference, and then `constants`: "none of these", "tie", "position 2"
    and so on.
    """

    methods: tuple[int, ...]
    constants: tuple[str, ...]
    features: Floats
    chosen: Integers
    participants: Integers
    available: Booleans
    weights: Floats
    signs: Floats  # (answers,): -1 where the worst was chosen

    @property
    def n_free(self) -> int:
        """The number of methods but the reference."""
        return len(self.methods) - 1


def build_design(data: ChoiceData, methods: tuple[int, ...], position: bool = False) -> Design:
    """The design of all choices between `methods`; `position` adds constants of the display positions.

    Choices of other methods drop out, and so do other methods from what was offered: by Luce's axiom, the
    choice between the rest does not depend on them.
    """
    picked = list(methods)
    best = _best_rows(data, picked)
    worst = _worst_rows(data, picked)
    rows, available, chosen, signs = (np.concatenate(parts) for parts in zip(best, worst, strict=True))
    used = (available.sum(axis=1) > 1) & available[np.arange(len(chosen)), chosen]
    rows, available, chosen, signs = rows[used], available[used], chosen[used], signs[used]
    features = signs[:, None, None] * _method_features(available[:, : len(picked)])
    blocks, constants = [features], []
    for name, place in ((NONE, -2), (TIED, -1)):
        if available[:, place].any():
            column = np.zeros((*available.shape, 1))
            column[:, place] = 1.0
            blocks.append(column)
            constants.append(name)
    if position:
        shown, names = _position_features(data.position[rows][:, picked], available)
        blocks.append(signs[:, None, None] * shown)
        constants += names
    people = np.unique(data.participant, return_inverse=True)[1].astype(np.int64)
    possible = np.concatenate([np.ones(len(picked), dtype=np.bool_), available[:, len(picked) :].any(axis=0)])
    return Design(
        methods=methods,
        constants=tuple(constants),
        features=np.concatenate(blocks, axis=2)[:, possible],
        chosen=(np.cumsum(possible) - 1)[chosen],
        participants=people[rows],
        available=available[:, possible],
        weights=data.weights[rows],
        signs=signs,
    )


_Rows = tuple[Integers, Booleans, Integers, Floats]


def _best_rows(data: ChoiceData, picked: list[int]) -> _Rows:
    """Answers, available alternatives, the chosen one (the last but one where not among them), and signs."""
    n, k = len(data.chosen), len(picked)
    place = np.full(len(data.methods) + 2, -1, dtype=np.int64)  # the last takes TIE
    place[[*picked, len(data.methods), len(data.methods) + 1]] = np.arange(k + 2)
    assert TIE == -1
    chosen = place[data.chosen]
    kept = chosen >= 0
    extra = [(data.chosen == len(data.methods)).any(), (data.chosen == TIE).any()]
    available = np.column_stack([data.offered[:, picked], np.tile(extra, (n, 1))])
    # a tie needs two methods; an answer with one is a choice between it and none
    available[:, -1] &= available[:, :k].sum(axis=1) > 1
    available[~available[:, :k].any(axis=1)] = False
    return np.flatnonzero(kept), available[kept], chosen[kept], np.ones(int(kept.sum()))


def _worst_rows(data: ChoiceData, picked: list[int]) -> _Rows:
    """The same of the worst methods, chosen from those offered but the best."""
    k = len(picked)
    place = np.full(len(data.methods) + 1, -1, dtype=np.int64)
    place[picked] = np.arange(k)
    rows = np.flatnonzero((data.worst >= 0) & (place[data.worst] >= 0))
    offered = np.column_stack([data.offered[rows], np.zeros((len(rows), 2), dtype=np.bool_)])
    offered[np.arange(len(rows)), data.chosen[rows]] = False  # TIE and "none of these" are the last columns
    available = np.column_stack([offered[:, picked], np.zeros((len(rows), 2), dtype=np.bool_)])
    return rows, available, place[data.worst[rows]], np.full(len(rows), -1.0)


def _method_features(offered: Booleans) -> Floats:
    """Indicators of all methods but the first, and for a tie the mean of those of the offered methods."""
    n, k = offered.shape
    features = np.zeros((n, k + 2, k))
    features[:, :k] = np.eye(k)
    features[:, -1] = offered / np.maximum(offered.sum(axis=1, keepdims=True), 1)
    return features[:, :, 1:]


def _position_features(position: Integers, available: Booleans) -> tuple[Floats, list[str]]:
    """Indicators of display positions but the first, for methods; of a tie, their mean."""
    n, k = position.shape
    shown = np.where(available[:, :k], position, 0)
    places = [place for place in np.unique(shown).tolist() if place > 1]
    features = np.zeros((n, k + 2, len(places)))
    for column, place in enumerate(places):
        features[:, :k, column] = shown == place
    sizes = np.maximum(available[:, :k].sum(axis=1, keepdims=True), 1)
    features[:, -1] = features[:, :k].sum(axis=1) / sizes
    return features, [f"position {place}" for place in places]
