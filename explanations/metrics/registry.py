"""The registry of metrics. To add one, add an entry here and a function in the file of its family."""

from dataclasses import dataclass, field

from explanations.metrics.measures import (
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
        Metric(
            "curves",
            "Deletion and insertion",
            "Petsiuk et al. 2018, arXiv:1806.07421",
            (
                Score("deletion", "Deletion area", LOWER),
                Score("insertion", "Insertion area", HIGHER),
            ),
            curves.measure,
            {"images": 50, "steps": 28, "fill": "mean", "sigma": 3.0, "output": "probability"},
            lambda parameters: 2 * parameters["images"] * (parameters["steps"] + 1),
            neighbours=True,
        ),
        Metric(
            "road",
            "Remove and debias",
            "Rong et al. 2022, arXiv:2202.00449",
            (
                Score("road-morf", "ROAD, most relevant first", LOWER),
                Score("road-lerf", "ROAD, least relevant first", HIGHER),
                Score("road", "ROAD, combined", HIGHER),
            ),
            road.measure,
            {"images": 50, "noise": 0.01, "output": "probability"},
            lambda parameters: 2 * parameters["images"] * len(road.SHARES),
            neighbours=True,
        ),
        Metric(
            "correlation",
            "Faithfulness correlation",
            "Alvarez-Melis and Jaakkola 2018, arXiv:1806.07538",
            (Score("correlation", "Faithfulness correlation", HIGHER),),
            correlation.measure,
            {"images": 20, "size": 2, "fill": "mean", "sigma": 3.0, "output": "probability"},
            lambda parameters: parameters["images"] * (28 // parameters["size"]) ** 2,
            neighbours=True,
        ),
        Metric(
            "confidence",
            "Drop and increase of confidence",
            "Chattopadhyay et al. 2018, arXiv:1710.11063",
            (
                Score("background-drop", "Drop without background, %", LOWER),
                Score("background-increase", "Increase without background, %", HIGHER),
                Score("subject-drop", "Drop without subject, %", HIGHER),
                Score("subject-increase", "Increase without subject, %", LOWER),
            ),
            confidence.measure,
            {"images": 50},
            lambda parameters: 3 * parameters["images"],
        ),
        Metric(
            "localisation",
            "Localisation",
            "Pointing game: Zhang et al. 2016, arXiv:1608.00507; intersection over union: Jaccard 1912",
            (
                Score("iou", "Intersection over union", HIGHER),
                Score("pointing", "Pointing game", HIGHER),
            ),
            localisation.measure,
            {"images": 50},
        ),
        Metric(
            "sparsity",
            "Sparsity",
            "Hurley and Rickard 2009, arXiv:0811.4706; Chalasani et al. 2020, arXiv:1810.06583; Hill 1973",
            (
                Score("gini", "Gini index", HIGHER),
                Score("effective-pixels", "Effective number of pixels", LOWER),
            ),
            sparsity.measure,
            {"images": 1},
            needs_network=False,
        ),
        Metric(
            "stability",
            "Stability between replicates",
            "Ghorbani et al. 2019, arXiv:1710.10547",
            (
                Score("replicate-correlation", "Rank correlation of replicates", HIGHER),
                Score("replicate-overlap", "Overlap of replicates' top pixels", HIGHER),
            ),
            stability.measure,
            {"images": 1, "share": 0.1},
            needs_network=False,
        ),
        Metric(
            "rotation",
            "Sensitivity to rotation",
            "Yeh et al. 2019, arXiv:1901.09392",
            (Score("rotation", "Sensitivity to rotation", LOWER),),
            rotation.measure,
            {"images": 5, "degrees": 15.0},
            lambda parameters: 500 * parameters["images"],
            neighbours=True,
        ),
        Metric(
            "sanity",
            "Sanity checks by randomised parameters",
            "Adebayo et al. 2018, arXiv:1810.03292",
            (
                Score("cascading", "Likeness, layers randomised in cascade", LOWER),
                Score("independent", "Likeness, one layer randomised", LOWER),
            ),
            sanity.measure,
            {"images": 3},
            lambda parameters: 2000 * parameters["images"],
        ),
        Metric(
            "completeness",
            "Completeness",
            "Sundararajan et al. 2017, arXiv:1703.01365, section 3",
            (Score("incompleteness", "Error of completeness", LOWER),),
            axioms.complete,
            {"images": 5},
            lambda parameters: 200 * parameters["images"],
        ),
        Metric(
            "invariance",
            "Implementation invariance",
            "Sundararajan et al. 2017, arXiv:1703.01365, section 2.2",
            (Score("variance", "Error of implementation invariance", LOWER),),
            axioms.invariant,
            {"images": 3},
            lambda parameters: 400 * parameters["images"],
        ),
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

# Measured by default: metrics that take seconds, without new explanations or training.
DEFAULT = ("curves", "road", "correlation", "confidence", "sparsity", "stability")
ALL = (*METRICS, *RETRAININGS)
# Measured for a set without its network.
OF_MAPS_ALONE = tuple(slug for slug, metric in METRICS.items() if not metric.needs_network)


def choose_metrics(names: list[str] | None) -> list[Metric | Retraining]:
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
