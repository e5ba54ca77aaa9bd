"""Statistics of blind user studies: a vote table in, conclusions out.

Anyone with a CSV file of `participant` and `chosen_method` can use it, from a shell
(`python -m analysis report votes.csv`) or from Python (`report(VoteTable.read("votes.csv"))`). The package
knows no Django, no network and no images. Its public names are loaded when they are first used; their types
are in `__init__.pyi`.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "VoteTable": "analysis.votes.table",
    "hsd": "analysis.inference.tukey",
    "one_way": "analysis.inference.anova",
    "report": "analysis.reporting.report",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
