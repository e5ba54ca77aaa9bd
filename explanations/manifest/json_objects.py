"""JSON from anywhere, with nothing trusted: every value is taken by its type, every refusal is one line."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from explanations.manifest.files import MANIFEST_FILE, ManifestError, content
from explanations.manifest.records import FORMAT

SHA256 = re.compile(r"[0-9a-f]{64}")


def load(folder: Path) -> Any:
    """What manifest.json in `folder` holds. Raises ManifestError for all that is no strict JSON."""
    try:
        text = content(folder, MANIFEST_FILE).decode()
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{MANIFEST_FILE}: not UTF-8 text (byte {error.start}); build the set again"
        ) from None
    except json.JSONDecodeError as error:
        raise ManifestError(
            f"{MANIFEST_FILE}: not JSON: {error.msg} at line {error.lineno}, column {error.colno}; "
            "build the set again"
        ) from None
    except RecursionError:
        raise ManifestError(f"{MANIFEST_FILE}: nested too deeply; build the set again") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ManifestError(f"{MANIFEST_FILE}: the key {key!r} stands twice in one object; keep one")
        found[key] = value
    return found


def _refuse(constant: str) -> Any:
    raise ManifestError(f"{MANIFEST_FILE}: {constant} is not a JSON number; use a finite one")


def shown(value: Any) -> str:
    """A value as JSON for a message, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_text(value: Any) -> bool:
    """Whether it is text that says something."""
    return isinstance(value, str) and value.strip() != ""


def are_whole(values: Any, minimum: int) -> bool:
    """Whether it is a list of whole numbers from `minimum`."""
    return isinstance(values, list) and all(type(value) is int and value >= minimum for value in values)


class JsonObject:
    """A JSON object whose values are taken out by type; `where` names it in messages, as in `maps[3]`.

    `optional` fields, which came with later versions, are given with what they are where they are missing.
    """

    def __init__(
        self,
        value: Any,
        where: str,
        fields: Iterable[str],
        optional: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.where = where
        if not isinstance(value, dict):
            raise ManifestError(
                f"{MANIFEST_FILE}: {where or 'the file'} is {shown(value)}; an object is wanted"
            )
        self.value: dict[str, Any] = dict(optional) | value
        fields = list(fields)
        for key in fields:
            if key not in self.value:
                raise ManifestError(f"{MANIFEST_FILE}: {self.name(key)} is missing; it must be there")
        for key in value:
            if key not in fields:
                raise ManifestError(
                    f"{MANIFEST_FILE}: {self.name(key)} is no key of {FORMAT}; allowed: {', '.join(fields)}"
                )

    def name(self, key: str) -> str:
        """What messages call a value."""
        return f"{self.where}.{key}" if self.where else key

    def take(self, key: str, allowed: str, fits: Callable[[Any], bool]) -> Any:
        """A value that `fits`. Raises ManifestError that says what is `allowed`."""
        value = self.value[key]
        if not fits(value):
            raise ManifestError(f"{MANIFEST_FILE}: {self.name(key)} is {shown(value)}; allowed: {allowed}")
        return value

    def text(self, key: str) -> str:
        """Text that says something."""
        return str(self.take(key, "text that is not empty", is_text))

    def match(self, key: str, pattern: re.Pattern[str], allowed: str) -> str:
        """Text that is a whole match of `pattern`."""
        return str(self.take(key, allowed, lambda v: isinstance(v, str) and bool(pattern.fullmatch(v))))

    def sha256(self, key: str) -> str:
        """A digest."""
        return self.match(key, SHA256, "64 hexadecimal digits in lower case")

    def whole(self, key: str, minimum: int) -> int:
        """A whole number from `minimum`."""
        return int(self.take(key, f"a whole number from {minimum}", lambda v: are_whole([v], minimum)))

    def share(self, key: str) -> float:
        """A number from 0 to 1."""
        return float(self.take(key, "a number from 0 to 1", _is_share))

    def truth(self, key: str) -> bool:
        """True or false."""
        return bool(self.take(key, "true or false", lambda v: isinstance(v, bool)))

    def table(self, key: str) -> dict[str, Any]:
        """An object, as it is."""
        return dict(self.take(key, "an object", lambda v: isinstance(v, dict)))

    def different(self, key: str, most: int) -> tuple[int, ...]:
        """At most so many different whole numbers from 0."""
        allowed = f"a list of at most {most} different whole numbers from 0"
        return tuple(self.take(key, allowed, lambda v: are_whole(v, 0) and len(v) == len(set(v)) <= most))

    def rows(self, key: str) -> list[Any]:
        """A list with something in it."""
        return list(self.take(key, "a list that is not empty", lambda v: isinstance(v, list) and len(v) > 0))


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1
