"""Lookup of methods by the names that users write.

A name is an entry's slug (`normlime`), another name of the literature for it (`saliency`), any local method
with any aggregation (`vargrad:normlime`), or an import path of any function (`./mymethod.py:explain`,
`my.module:explain`, `captum.attr:Saliency`), whose aggregation is the mean unless it is named
(`my.module:explain+normlime`). `@CLASS` after it explains images of all other classes with respect to
that class (a contrastive map), and `=TITLE` at the end names the method in reports and figures.
"""

import importlib.util
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib.metadata import entry_points

from explanations.methods.aggregation import AGGREGATIONS, Aggregation
from explanations.methods.import_paths import Function, is_path, normalise, register, shorten
from explanations.methods.local_methods import find_local
from explanations.methods.registry import DEFAULT, LOCALS, METHODS, ExplanationMethod, Local

ENTRY_POINTS = "beholder.methods"

# Names of some entries in the literature.
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


def choose_methods(names: Sequence[str | Function] | None) -> list[ExplanationMethod]:
    """The methods of these names, each once, entries first in the registry's order; DEFAULT for None.

    A name may be replaced by a function with the signature of `own_methods`, or by a class of Captum. Raises
    ValueError for an unknown name, and for two methods with the same slug or title.
    """
    methods = list(dict.fromkeys(map(find, names if names is not None else DEFAULT)))
    _refuse_equal(methods)
    order = list(METHODS)
    return sorted(
        methods, key=lambda method: order.index(method.slug) if method.slug in METHODS else len(order)
    )


def _refuse_equal(methods: list[ExplanationMethod]) -> None:
    for number, method in enumerate(methods):
        for other in methods[:number]:
            if method.slug == other.slug:
                places = [shorten(one.local.address) for one in (other, method)]
                raise ValueError(
                    f"two methods are called {method.slug!r} ({', '.join(places)}); "
                    "rename a function or a file"
                )
            if method.title == other.title:
                raise ValueError(
                    f"{other.slug} and {method.slug} have the same title {method.title!r}; give one another "
                    "with =TITLE"
                )


def aliases(slug: str) -> list[str]:
    """The other names of an entry."""
    return [alias for alias, entry in ALIASES.items() if entry == slug]


def method_among(name: str, slugs: Collection[str]) -> str:
    """The slug, among those of methods, that `name` means; `name` itself if it means none."""
    if name in slugs:
        return name
    try:
        slug = find(name).slug
    except ValueError:
        return name
    return slug if slug in slugs else name


def local_among(name: str, slugs: Collection[str]) -> str:
    """The slug, among those of local functions, that the method `name` uses; otherwise `name`."""
    if name in slugs:
        return name
    try:
        slug = find(name).local.slug
    except ValueError:
        return name
    return slug if slug in slugs else name


def find(name: str | Function) -> ExplanationMethod:
    """The method of a name, or of a function. Raises ValueError."""
    if not isinstance(name, str):
        return _combined_own(find_local(register(name)), "mean")
    combination, equals, title = name.partition("=")
    combination, at, label = combination.partition("@")
    method = _combination(combination)
    method = method.contrast(label) if at else method
    if equals and not title.strip():
        raise ValueError(f"{name}: there is no title behind the equals sign")
    return replace(method, title=title.strip()) if equals else method


def _combination(name: str) -> ExplanationMethod:
    place, colon, rest = name.rpartition(":")
    slug = ALIASES.get(place, place)
    if colon and (is_path(place) or _is_module(slug, rest)):
        function, plus, aggregation = rest.partition("+")
        return _combined_own(find_local(normalise(f"{place}:{function}")), aggregation if plus else "mean")
    return _combined(slug, rest) if colon else _entry(ALIASES.get(name, name))


def _is_module(place: str, rest: str) -> bool:
    """Return True if the word before the colon is a module, not a (misspelt) local method."""
    if place in LOCALS or "." in place:
        return place not in LOCALS
    if rest in AGGREGATIONS or not place.isidentifier():
        return False
    return place in sys.modules or importlib.util.find_spec(place) is not None


def _entry(slug: str) -> ExplanationMethod:
    if slug in METHODS:
        return METHODS[slug]
    if slug in (installed := installed_methods()):
        return _combination(installed[slug])
    raise ValueError(
        f"there is no method {slug!r}; allowed: {', '.join([*METHODS, *installed])}; or an import path, "
        "as in ./file.py:function or package.module:function"
    )


def installed_methods() -> dict[str, str]:
    """The import paths of methods that installed packages offer as entry points of ENTRY_POINTS, by name."""
    return {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}


def _combined(slug: str, aggregation: str) -> ExplanationMethod:
    if slug not in LOCALS:
        raise ValueError(
            f"there is no local method {slug!r}; allowed: {', '.join(LOCALS)}; or an import path, as in "
            "./file.py:function or package.module:function"
        )
    local, way = LOCALS[slug], _aggregation(aggregation)
    for method in METHODS.values():
        if (method.local, method.aggregation) == (local, way):
            return method
    return ExplanationMethod(f"{slug}-{aggregation}", *_described(local, way), local, way)


def _combined_own(local: Local, aggregation: str) -> ExplanationMethod:
    way = _aggregation(aggregation)
    if aggregation == "mean":
        return ExplanationMethod(local.slug, local.title, local.reference, local, way)
    return ExplanationMethod(f"{local.slug}-{aggregation}", *_described(local, way), local, way)


def _described(local: Local, way: Aggregation) -> tuple[str, str]:
    return f"{local.title}, {way.title}", f"{local.reference}; {way.reference}"


def _aggregation(name: str) -> Aggregation:
    if name not in AGGREGATIONS:
        raise ValueError(f"there is no aggregation {name!r}; allowed: {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[name]
