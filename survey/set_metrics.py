"""Metrics of faithfulness that an explanation set brings: read, held against the set, laid out as a table.

The JSON that `python -m explanations evaluate` writes comes in, what the studio shows of it goes out. No door
to `analysis`: the values themselves go there as the CSV file beside it, by `survey.exporting`.
"""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator

FORMAT = "beholder-metrics/1"
CONTROL = "random"  # a random order of the pixels, which stands beside the set's own methods
BETTER = ("higher", "lower")
NOTHING = "–"
METRIC_FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json", "svg": "image/svg+xml"}

_NUMBER = {"type": ["number", "null"]}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 400}
_SUMMARY = {
    "type": "object",
    "required": ["mean", "low", "high", "n"],
    "properties": {"mean": _NUMBER, "low": _NUMBER, "high": _NUMBER, "n": {"type": "integer"}},
}
_SCHEMA = {
    "type": "object",
    "required": ["format", "dataset", "classifier", "seed", "scores", "methods", "values", "metrics"],
    "properties": {
        "format": {"const": FORMAT},
        "seed": {"type": "integer"},
        "scores": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["slug", "title", "better"],
                "properties": {"slug": _TEXT, "title": _TEXT, "better": {"enum": list(BETTER)}},
            },
        },
        "methods": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["slug", "title", "scores"],
                "properties": {
                    "slug": _TEXT,
                    "title": _TEXT,
                    "scores": {"type": "object", "additionalProperties": _SUMMARY},
                },
            },
        },
        "values": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["method", "label", "replicate", "score", "value"],
                "properties": {"value": _NUMBER},
            },
        },
        "metrics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["title", "reference", "parameters"],
                "properties": {"title": _TEXT, "reference": _TEXT, "parameters": {"type": "object"}},
            },
        },
    },
}


class MetricsRefused(ValueError):
    """The file holds no metrics of this set; one line says what and where."""


@dataclass(frozen=True)
class Cell:
    """A method's score, ready to print: its mean and how far its 95 % interval reaches."""

    text: str
    is_best: bool


@dataclass(frozen=True)
class Row:
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class MapScore:
    """A score of one map, ready to print."""

    title: str
    better: str
    value: str


@dataclass(frozen=True)
class SetMetrics:
    """All that an evaluation found; `record` is its JSON as written."""

    record: dict

    @classmethod
    def read(cls, data, name):
        """The metrics in these bytes; `name` stands in messages. Raises MetricsRefused."""
        try:
            record = json.loads(data.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise MetricsRefused(f"{name}: is no JSON ({error}); evaluate the set again.") from None
        errors = sorted(
            Draft202012Validator(_SCHEMA).iter_errors(record), key=lambda e: list(map(str, e.path))
        )
        if errors:
            where = ".".join(map(str, errors[0].path)) or "the file"
            raise MetricsRefused(f"{name}: {where}: {errors[0].message[:200]}; evaluate the set again.")
        return cls(record)

    def check(self, name, *, dataset, classifier, methods):
        """Raises MetricsRefused unless these are metrics of the set with this data, weights, method slugs."""
        for key, wanted in (("dataset", dataset), ("classifier", classifier)):
            if self.record[key] != wanted:
                raise MetricsRefused(
                    f"{name}: {key} is {self.record[key]!r}, but the set's is {wanted!r}; "
                    "a set takes its own metrics only."
                )
        for method in self.record["methods"]:
            if method["slug"] not in {*methods, CONTROL}:
                raise MetricsRefused(
                    f"{name}: has a method {method['slug']!r}; the set has {', '.join(methods)}."
                )

    @property
    def scores(self):
        """Columns: slug, title, and which direction is better."""
        return self.record["scores"]

    @property
    def families(self):
        """The metrics behind the scores: title, reference, parameters."""
        return self.record["metrics"]

    @cached_property
    def rows(self):
        """Methods down, scores across; all that share the best mean of a score are its best."""
        best = {score["slug"]: self._best(score) for score in self.scores}
        return [
            Row(
                method["title"],
                tuple(
                    Cell(
                        _shown(method["scores"].get(score["slug"])),
                        method["slug"] in best[score["slug"]],
                    )
                    for score in self.scores
                ),
            )
            for method in self.record["methods"]
        ]

    def _best(self, score):
        means = {
            method["slug"]: method["scores"][score["slug"]]["mean"]
            for method in self.record["methods"]
            if method["scores"].get(score["slug"], {}).get("mean") is not None
        }
        if not means:
            return set()
        top = (max if score["better"] == "higher" else min)(means.values())
        return {slug for slug, mean in means.items() if mean == top}

    @property
    def n_maps(self):
        """How many maps were measured, those of the random order among them."""
        return len({(v["method"], v["label"], v["replicate"]) for v in self.record["values"] if v["label"]})

    @property
    def is_of_methods(self):
        """Whether some values are of a method as a whole, as of networks trained again."""
        return any(not value["label"] for value in self.record["values"])

    def of_map(self, method, label, replicate):
        """The scores of one map that are defined, in the order of the columns."""
        values = {
            value["score"]: value["value"]
            for value in self.record["values"]
            if (value["method"], value["label"], value["replicate"]) == (method, label, replicate)
        }
        return [
            MapScore(score["title"], score["better"], _number(values[score["slug"]]))
            for score in self.scores
            if values.get(score["slug"]) is not None
        ]


@lru_cache(maxsize=8)  # a file of metrics never changes under its name
def metrics_in(path):
    """The metrics in a stored file."""
    return SetMetrics.read(Path(path).read_bytes(), path)


def _shown(summary):
    if summary is None or summary["mean"] is None:
        return NOTHING
    mean, low = summary["mean"], summary["low"]
    return _number(mean) if low is None else f"{_number(mean)} ±{mean - low:.2g}"


def _number(value):
    """Three digits, with a true minus sign."""
    return ("\N{MINUS SIGN}" if value < 0 else "") + f"{abs(value):.3g}"


def _refuse_constant(constant):
    raise ValueError(f"{constant} is no number")
