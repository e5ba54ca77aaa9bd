"""Parameters of methods and metrics: each has a default, and all changes are checked alike.

Users write parameters as text, `lime.samples=5000`; programs give them as typed values. Either way a name
must exist, a value must have its default's type, and a number must be finite and not too small. Independent
of methods and metrics.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Parameters = dict[str, Any]


class TextOrNumber(str):
    """A default that is text, and whose parameter may be a number as well."""

    __slots__ = ()


KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    TextOrNumber: "text or a number",
}
TRUTHS = {"true": True, "false": False}


def parse_settings(
    settings: Iterable[str],
    defaults: Mapping[str, Parameters],
    named: Callable[[str], str] = lambda name: name,
) -> dict[str, Parameters]:
    """Parse settings such as "lime.samples=5000" into changes, by slug. Raises ValueError.

    `defaults` holds the default parameters, by slug; `named(name)` gives the slug for a name that may be an
    alias.
    """
    changes: dict[str, Parameters] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        owner, _, key = name.rpartition(".")
        slug = named(owner)
        if not equals or key not in defaults.get(slug, {}):
            allowed = [f"{known}.{one}" for known, parameters in defaults.items() for one in parameters]
            raise ValueError(f"--set {setting}: write name=value; names: {', '.join(allowed)}")
        changes.setdefault(slug, {})[key] = _typed(setting, text, type(defaults[slug][key]))
    return changes


def _typed(setting: str, text: str, kind: type) -> object:
    if kind is TextOrNumber:
        try:
            return float(text)
        except ValueError:
            return text
    try:
        return TRUTHS[text] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise ValueError(f"--set {setting}: {text!r} is not {KINDS[kind]}") from None


def apply_changes(slug: str, defaults: Parameters, changes: Parameters) -> Parameters:
    """The defaults of `slug` with `changes`, of the same types. Raises ValueError.

    Whole numbers are at least 1, or 0 where the default is; others at least 0 and finite.
    """
    for key, value in changes.items():
        if key not in defaults:
            raise ValueError(f"{slug} has no parameter {key!r}; allowed: {', '.join(defaults)}")
        kind = type(defaults[key])
        if type(value) is not kind and not (kind is TextOrNumber and type(value) in (str, float)):
            raise ValueError(f"{slug}.{key} is {value!r}; expected {KINDS[kind]}")
        lowest = 1 if kind is int and defaults[key] > 0 else 0
        if isinstance(value, (int, float)) and not (value >= lowest and math.isfinite(value)):
            raise ValueError(
                f"{slug}.{key} is {value}; allowed: from {lowest}{', finite' * (type(value) is float)}"
            )
    return {**defaults, **changes}


def refuse_unknown(changes: Iterable[str], slugs: Iterable[str]) -> None:
    """Raise ValueError if there are changes for anything but these slugs."""
    slugs = list(slugs)
    for slug in changes:
        if slug not in slugs:
            raise ValueError(f"there are no parameters of {slug!r} here; allowed: {', '.join(slugs)}")
