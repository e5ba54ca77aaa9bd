"""Choice data in memory, from plain lists."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from analysis.votes.offers import TIE, ChoiceData

NONE = "none"
BUILD = Callable[..., ChoiceData]


def _build(
    answers: Sequence[tuple[str, str]],
    participants: Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
    worst: Sequence[str] | None = None,
) -> ChoiceData:
    """`answers` are (offered, chosen): ("ABC", "A"); "none" and "tie" may be chosen.

    The order of the letters is that of the display positions. Everybody answers once by default.
    """
    methods = tuple(sorted({letter for offered, _ in answers for letter in offered}))
    codes = {name: i for i, name in enumerate(methods)} | {NONE: len(methods), "tie": TIE, "": -1}
    n, k = len(answers), len(methods)
    position = np.zeros((n, k), dtype=np.int64)
    for row, (offered, _) in enumerate(answers):
        for place, letter in enumerate(offered, start=1):
            position[row, codes[letter]] = place
    return ChoiceData(
        methods=methods,
        participant=np.arange(n) if participants is None else np.asarray(participants),
        question=None,
        labels=None,
        label_names=(),
        offered=position > 0,
        chosen=np.array([codes[chosen] for _, chosen in answers]),
        worst=np.full(n, -1) if worst is None else np.array([codes[name] for name in worst]),
        position=position,
        weights=np.ones(n) if weights is None else np.asarray(weights, dtype=float),
    )


@pytest.fixture(scope="session")
def build() -> BUILD:
    return _build


@pytest.fixture(scope="session")
def subsets(build: BUILD) -> ChoiceData:
    """600 choices of 30 people from random 3 of 5 methods, A the best."""
    rng = np.random.default_rng(3)
    worths = dict(zip("ABCDE", (0.4, 0.25, 0.15, 0.1, 0.1), strict=True))
    answers = []
    for _ in range(600):
        offered = "".join(rng.choice(list("ABCDE"), 3, replace=False))
        p = np.array([worths[name] for name in offered])
        answers.append((offered, str(rng.choice(list(offered), p=p / p.sum()))))
    return build(answers, np.arange(600) // 20)
