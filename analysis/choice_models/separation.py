"""The methods that a choice model can compare, and bounds for the others.

A maximum of the likelihood exists only for methods each of which was chosen over every other, directly or
through others: a strongly connected component of the graph "was chosen over" (Hunter 2004, Annals of
Statistics 32:384, assumption 1). Choice data come in, components and one-sided bounds come out.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph

from analysis import formatting as fmt
from analysis.numerics.arrays import Booleans, Integers
from analysis.votes.offers import TIE, ChoiceData

Flags = Booleans


@dataclass(frozen=True)
class Bound:
    """A bound where no participant chose one of `methods` over one of `over`.

    `participants` were offered both in one answer. At most the share `limit` of people would ever choose so:
    the one-sided bound of Clopper and Pearson (1934) for 0 of `participants`, at 97.5%.
    """

    methods: tuple[str, ...]
    over: tuple[str, ...]
    participants: int

    @property
    def limit(self) -> float:
        return float(1 - 0.025 ** (1 / self.participants))

    def __str__(self) -> str:
        n = fmt.counted(self.participants, "participant")
        return (
            f"None of {n} chose {_listed(self.methods)} over {_listed(self.over)}: at most "
            f"{fmt.percent(self.limit)} of people would (one-sided 97.5% confidence bound), and no finite "
            "odds can be estimated."
        )


@dataclass(frozen=True, eq=False)
class Components:
    """The methods that can be estimated together, and how the rest compares with them.

    `estimated` are indices of methods. `never` and `always` are groups of indices that were never, or always,
    chosen over the estimated ones; `apart` are those that no chain of choices connects with them.
    """

    estimated: tuple[int, ...]
    never: tuple[tuple[int, ...], ...]
    always: tuple[tuple[int, ...], ...]
    apart: tuple[int, ...]
    connected: bool

    @property
    def complete(self) -> bool:
        return not (self.never or self.always or self.apart)


def chosen_over(data: ChoiceData) -> Integers:
    """Count choices of one method over another, (methods + 1, methods + 1).

    The last row and column are "none of these". A tie counts in both directions, and the worst method has
    every other one that was offered chosen over it.
    """
    k, rows = len(data.methods), np.arange(len(data.chosen))
    has_none = bool((data.chosen == k).any())
    offered = np.column_stack([data.offered, np.full(len(rows), has_none)]).astype(np.int64)
    tied = data.chosen == TIE
    picked = np.zeros_like(offered)
    picked[rows[~tied], data.chosen[~tied]] = 1
    wins = picked.T @ offered + offered[tied, :].T @ (offered[tied, :] * [*[1] * k, 0])
    named = data.worst >= 0
    loser = np.zeros_like(offered)
    loser[rows[named], data.worst[named]] = 1
    wins += (offered * [*[1] * k, 0]).T @ loser
    np.fill_diagonal(wins, 0)
    return np.asarray(wins, dtype=np.int64)


def find_components(data: ChoiceData) -> Components:
    """Split the methods into those that can be estimated together and the rest.

    Of several components, the one with most methods is estimated; of equal ones, that with most choices.
    """
    k, wins = len(data.methods), chosen_over(data)
    _, strong = csgraph.connected_components(wins, connection="strong")
    _, weak = csgraph.connected_components(wins, connection="weak")
    groups = [tuple(np.flatnonzero(strong[:k] == code).tolist()) for code in dict.fromkeys(strong[:k])]
    main = max(groups, key=lambda group: (len(group), int(wins[list(group)].sum())))
    reach = csgraph.shortest_path(wins, unweighted=True)  # finite where a chain of choices leads
    above = [bool(np.isfinite(reach[group[0], main[0]])) for group in groups]
    below = [bool(np.isfinite(reach[main[0], group[0]])) for group in groups]
    others = [
        (group, up, down) for group, up, down in zip(groups, above, below, strict=True) if group != main
    ]
    return Components(
        estimated=main,
        never=tuple(group for group, up, down in others if down and not up),
        always=tuple(group for group, up, down in others if up and not down),
        apart=tuple(i for group, up, down in others if not up and not down for i in group),
        connected=len(set(weak[:k])) == 1,
    )


def find_bounds(data: ChoiceData, components: Components) -> tuple[Bound, ...]:
    """One bound for each group of methods that was never, or always, chosen over the estimated ones."""
    main = components.estimated
    directions = [(group, main) for group in components.never] + [
        (main, group) for group in components.always
    ]
    bounds = []
    for below, above in directions:
        met = data.offered[:, list(below)].any(axis=1) & data.offered[:, list(above)].any(axis=1)
        if met.any():
            lower, upper = (tuple(data.methods[i] for i in group) for group in (below, above))
            bounds.append(Bound(lower, upper, len(np.unique(data.participant[met]))))
    return tuple(bounds)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
