"""From the names that people write to methods of the registry.

A name is an entry's slug (`normlime`), another name of the literature for it (`saliency`), or any local
method with any aggregation (`vargrad:normlime`); behind it may stand the class that the images of every other
class are asked about (`lime:mean@9`: what speaks for a 9).
"""

from collections.abc import Collection

from explanations.methods.aggregation import AGGREGATIONS
from explanations.methods.registry import DEFAULT, LOCALS, METHODS, ExplanationMethod

# Names under which the literature knows some entries.
ALIASES = {
    "smoothgrad-squared": "smoothgrad",
    "saliency": "gradient",
    "ig": "integrated-gradients",
    "gradcam": "grad-cam",
    "guided-gradcam": "guided-grad-cam",
    "deepexplainer": "deepshap",
    "deepliftshap": "deepshap",
    "gradientexplainer": "gradientshap",
    "expected-gradients": "gradientshap",
    "sp-lime": "lime",
}


def chosen(names: list[str] | None) -> list[ExplanationMethod]:
    """The methods of these names, each once, entries first in the registry's order; DEFAULT for None.

    A name is an entry's slug, an alias of it, or `local:aggregation`, either with `@class` behind it. Raises
    ValueError.
    """
    found = {method.slug: method for method in map(_named, names if names is not None else DEFAULT)}
    order = list(METHODS)
    return sorted(
        found.values(), key=lambda method: order.index(method.slug) if method.slug in METHODS else len(order)
    )


def aliases(slug: str) -> list[str]:
    """The other names of an entry."""
    return [alias for alias, entry in ALIASES.items() if entry == slug]


def method_among(name: str, slugs: Collection[str]) -> str:
    """The one of these slugs of methods that `name` names; the name as it is where none of them is meant."""
    if name in slugs:
        return name
    try:
        slug = _named(name).slug
    except ValueError:
        return name
    return slug if slug in slugs else name


def local_among(name: str, slugs: Collection[str]) -> str:
    """The one of these slugs of local functions that a method called `name` has; else the name as it is."""
    if name in slugs:
        return name
    try:
        slug = _named(name).local.slug
    except ValueError:
        return name
    return slug if slug in slugs else name


def _named(name: str) -> ExplanationMethod:
    combination, at, label = name.partition("@")
    slug, colon, aggregation = combination.partition(":")
    slug = ALIASES.get(slug, slug)
    method = _combined(slug, aggregation) if colon else _entry(slug)
    return method.about(label) if at else method


def _entry(slug: str) -> ExplanationMethod:
    if slug not in METHODS:
        raise ValueError(f"there is no method {slug!r}; allowed: {', '.join(METHODS)}")
    return METHODS[slug]


def _combined(slug: str, aggregation: str) -> ExplanationMethod:
    if slug not in LOCALS:
        raise ValueError(f"there is no local method {slug!r}; allowed: {', '.join(LOCALS)}")
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"there is no aggregation {aggregation!r}; allowed: {', '.join(AGGREGATIONS)}")
    local, way = LOCALS[slug], AGGREGATIONS[aggregation]
    for method in METHODS.values():
        if (method.local, method.aggregation) == (local, way):
            return method
    title, reference = f"{local.title}, {way.title}", f"{local.reference}; {way.reference}"
    return ExplanationMethod(f"{slug}-{aggregation}", title, reference, local, way)
