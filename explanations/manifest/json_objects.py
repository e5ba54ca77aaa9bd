"""Untrusted JSON: every value is taken by its type, and every refusal is one line."""

import json
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from explanations.manifest.files import MANIFEST_FILE, ManifestError, read_file

SHA256 = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


def load(folder: Path) -> Any:
    """The value in manifest.json of `folder`. Raises ManifestError unless it is strict JSON."""
    try:
        text = read_file(folder, MANIFEST_FILE).decode()
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{MANIFEST_FILE}: not UTF-8 text (byte {error.start}); build the set again"
        ) from None
    except json.JSONDecodeError as error:
        raise ManifestError(
            f"{MANIFEST_FILE}: not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}; "
            "build the set again"
        ) from None
    except RecursionError:
        raise ManifestError(f"{MANIFEST_FILE}: nested too deeply; build the set again") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ManifestError(f"{MANIFEST_FILE}: duplicate key {key!r} in one object; keep one")
        values[key] = value
    return values


def _refuse_constant(constant: str) -> Any:
    raise ManifestError(f"{MANIFEST_FILE}: {constant} is not a JSON number; use a finite one")


def as_json(value: Any) -> str:
    """A value as JSON for a message, cut if it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_text(value: Any) -> bool:
    """Return True if the value is text that is not blank."""
    return isinstance(value, str) and value.strip() != ""


def are_counts(values: Any, minimum: int = 0) -> bool:
    """Return True if the value is a list of whole numbers of at least `minimum`."""
    return isinstance(values, list) and all(_is_whole(value, minimum) for value in values)


def are_different_texts(values: Any) -> bool:
    """Return True if the value is a non-empty list of distinct, non-blank texts."""
    is_list = isinstance(values, list) and len(values) > 0
    return is_list and all(map(is_text, values)) and len(set(values)) == len(values)


class JsonObject:
    """A JSON object whose values are taken out by type; `where` names it in messages, as in `maps[3]`.

    `keys` are all that it may have. Those in `optional` may be missing, those in `nullable` may be null.
    """

    def __init__(
        self,
        value: Any,
        where: str,
        keys: Collection[str],
        format: str,
        optional: Collection[str] = (),
        nullable: Collection[str] = (),
    ) -> None:
        self.where = where
        self.format = format
        self._nullable = nullable
        if not isinstance(value, dict):
            raise ManifestError(f"{MANIFEST_FILE}: {where or 'the file'} is {as_json(value)}, not an object")
        self.value: dict[str, Any] = value
        for key in keys:
            if key not in value and key not in optional:
                raise ManifestError(f"{MANIFEST_FILE}: {self.name(key)} is missing; it is required")
        for key in value:
            if key not in keys:
                raise ManifestError(
                    f"{MANIFEST_FILE}: {self.name(key)} is not a key of {format}; allowed: {', '.join(keys)}"
                )

    def name(self, key: str) -> str:
        """The name of a value in messages."""
        return f"{self.where}.{key}" if self.where else key

    def take(self, key: str, allowed: str, fits: Callable[[Any], bool]) -> Any:
        """A value that `fits`. Raises ManifestError that says what is `allowed`."""
        if not fits(self.value[key]):
            self.refuse(key, allowed)
        return self.value[key]

    def refuse(self, key: str, allowed: str) -> NoReturn:
        """Raise ManifestError for the value of `key`, with what is `allowed`."""
        allowed += ", or null" if key in self._nullable else ""
        value = as_json(self.value[key])
        raise ManifestError(f"{MANIFEST_FILE}: {self.name(key)} is {value}; allowed: {allowed}")

    def optional(self, key: str, take: Callable[["JsonObject", str], T]) -> T | None:
        """The value that `take` takes; None if it is missing, or null where null is allowed."""
        if key not in self.value or (self.value[key] is None and key in self._nullable):
            return None
        return take(self, key)

    def text(self, key: str) -> str:
        """Text that is not blank."""
        return str(self.take(key, "text that is not empty", is_text))

    def text_or_index(self, key: str) -> str | int:
        """Text that is not blank, or a whole number from 0."""
        allowed = "text that is not empty, or a whole number from 0"
        value: str | int = self.take(key, allowed, lambda v: is_text(v) or _is_whole(v))
        return value

    def match(self, key: str, pattern: re.Pattern[str], allowed: str) -> str:
        """Text that is a whole match of `pattern`."""
        return str(self.take(key, allowed, lambda v: isinstance(v, str) and bool(pattern.fullmatch(v))))

    def sha256(self, key: str) -> str:
        """A SHA-256 digest."""
        return self.match(key, SHA256, "64 hexadecimal digits in lower case")

    def whole(self, key: str) -> int:
        """A whole number from 0."""
        return int(self.take(key, "a whole number from 0", _is_whole))

    def positive(self, key: str) -> int:
        """A whole number from 1."""
        return int(self.take(key, "a whole number from 1", lambda v: _is_whole(v, 1)))

    def share(self, key: str) -> float:
        """A number from 0 to 1."""
        return float(self.take(key, "a number from 0 to 1", _is_share))

    def truth(self, key: str) -> bool:
        """True or false."""
        return bool(self.take(key, "true or false", lambda v: isinstance(v, bool)))

    def table(self, key: str) -> dict[str, Any]:
        """An object, as it is."""
        return dict(self.take(key, "an object", lambda v: isinstance(v, dict)))

    def rows(self, key: str, *, may_be_empty: bool = False) -> list[Any]:
        """A list; missing is as good as empty where it may be empty."""
        if may_be_empty and key not in self.value:
            return []
        allowed = "a list" if may_be_empty else "a list that is not empty"
        rows = self.take(key, allowed, lambda v: isinstance(v, list) and (may_be_empty or len(v) > 0))
        return list(rows)

    def different_texts(self, key: str) -> tuple[str, ...]:
        """Texts that differ, at least one."""
        return tuple(self.take(key, "a list of different texts", are_different_texts))

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        """Lists of two or more different texts."""
        rows = self.rows(key, may_be_empty=True)
        if not all(are_different_texts(row) and len(row) > 1 for row in rows):
            self.refuse(key, "lists of two or more different texts")
        return tuple(map(tuple, rows))

    def different(self, key: str, most: int | None) -> tuple[int, ...]:
        """Different whole numbers from 0, at most `most`."""
        if key not in self.value:
            return ()
        numbers = self.value[key]
        if not are_counts(numbers) or not len(set(numbers)) == len(numbers) <= (most or len(numbers)):
            limit = f"at most {most} " if most else ""
            self.refuse(key, f"a list of {limit}different whole numbers from 0")
        return tuple(numbers)

    def shares(self, key: str, most: int) -> tuple[tuple[str, float], ...]:
        """Pairs of a text and a number from 0 to 1, the greatest first, at most `most`."""
        pairs = self.rows(key, may_be_empty=True)
        are_pairs = all(
            isinstance(pair, list) and len(pair) == 2 and is_text(pair[0]) and _is_share(pair[1])
            for pair in pairs
        )
        if not are_pairs or len(pairs) > most or pairs != sorted(pairs, key=lambda pair: -pair[1]):
            self.refuse(key, f"at most {most} pairs of a class and its probability, the likeliest first")
        return tuple((str(name), float(share)) for name, share in pairs)


def _is_whole(value: Any, minimum: int = 0) -> bool:
    return type(value) is int and value >= minimum


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1
