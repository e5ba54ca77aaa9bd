"""The registry of metrics. Adding one is one entry here, and one function in the file of its family."""

from dataclasses import dataclass, field
from typing import Any

from explanations.metrics import (
    axioms,
    confidence,
    correlation,
    curves,
    localisation,
    road,
    rotation,
    sanity,
    sparsity,
    stability,
)
from explanations.metrics.subject import HIGHER, LOWER, Metric, Parameters, Score

METRICS = {
    metric.slug: metric
    for metric in (
        curves.METRIC,
        road.METRIC,
        correlation.METRIC,
        confidence.METRIC,
        localisation.METRIC,
        sparsity.METRIC,
        stability.METRIC,
        rotation.METRIC,
        sanity.METRIC,
        axioms.COMPLETENESS,
        axioms.INVARIANCE,
    )
}


@dataclass(frozen=True)
class Retraining:
    """A score of a method rather than of a map: networks trained again without some of the features."""

    slug: str
    title: str
    reference: str
    score: Score
    keep: bool  # the least important features go; else the most important
    defaults: Parameters = field(hash=False)


# `shares` of the features that are removed, in percent; 0 `images`: all; 0 `together`: what pays
_RECIPE = {
    "seeds": 3,
    "epochs": 3,
    "images": 0,
    "replicates": 1,
    "together": 0,
    "shares": "10 20 30 40 50 60 70 80 90",
}

RETRAININGS = {
    retraining.slug: retraining
    for retraining in (
        Retraining(
            "kar",
            "Keep and retrain",
            "Ahern et al. 2019, arXiv:1909.04200, section 5",
            Score("kar", "Error after keep-and-retrain, %", LOWER),
            True,
            _RECIPE,
        ),
        Retraining(
            "roar",
            "Remove and retrain",
            "Hooker et al. 2019, arXiv:1806.10758",
            Score("roar", "Error after remove-and-retrain, %", HIGHER),
            False,
            _RECIPE,
        ),
    )
}

# What is measured where nobody names metrics: what takes seconds, and no explanation or training anew.
DEFAULT = ("curves", "road", "correlation", "confidence", "sparsity", "stability")
ALL = (*METRICS, *RETRAININGS)


def chosen(names: list[str] | None) -> list[Metric | Retraining]:
    """The metrics of these names in the registry's order, each once; DEFAULT for None. Raises ValueError."""
    wanted = set(DEFAULT if names is None else names)
    for name in wanted:
        if name not in ALL:
            raise ValueError(f"there is no metric {name!r}; allowed: {', '.join(ALL)}")
    everything: list[Metric | Retraining] = [*METRICS.values(), *RETRAININGS.values()]
    return [entry for entry in everything if entry.slug in wanted]


def scores_of(entry: Metric | Retraining) -> tuple[Score, ...]:
    """The columns of the table that a metric fills."""
    return (entry.score,) if isinstance(entry, Retraining) else entry.scores


def settings(entry: Metric | Retraining, changes: dict[str, Any]) -> Parameters:
    """The defaults of a metric with `changes`, of the same types. Raises ValueError."""
    for key, value in changes.items():
        if key not in entry.defaults:
            allowed = ", ".join(entry.defaults)
            raise ValueError(f"{entry.slug} has no parameter {key!r}; allowed: {allowed}")
        kind = type(entry.defaults[key])
        if type(value) is not kind:
            raise ValueError(f"{entry.slug}.{key} is {value!r}; a {kind.__name__} is wanted")
        lowest = 0 if kind is float or entry.defaults[key] == 0 else 1
        if kind in (int, float) and not value >= lowest:
            raise ValueError(f"{entry.slug}.{key} is {value}; allowed: from {lowest}")
    return {**entry.defaults, **changes}
