"""Explanation sets: maps of an image classifier by many methods, or made elsewhere, for a blind study.

From a shell: `python -m explanations build` or `collect`. From Python: `explain(model, images, targets,
method)` and `ExplanationSet(folder, images).add(title, maps).save()`. The package knows neither Django nor
votes. Its public names are loaded when they are first used; their types are in `__init__.pyi`.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "ExplanationSet": "explanations.collecting.explanation_set",
    "Rendering": "explanations.rendering",
    "explain": "explanations.methods.explaining",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'explanations' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
