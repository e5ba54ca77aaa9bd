"""Options for reading a file of votes, for Python and for the command line."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

SHAPES = ("long", "questions", "counts")
SAME_NAMES = ("refuse", "merge", "keep")
MISSING_MARKS = ("refuse", "missing", "keep")
DECIMALS = (".", ",")
SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SEPARATORS = {**{name: sign for sign, name in SEPARATOR_NAMES.items()}, "\\t": "\t"}


class ReadingSettings(TypedDict, total=False):
    """The fields of ReadingOptions as keyword arguments."""

    columns: Mapping[str, str] | None
    shape: str | None
    questions: str | None
    methods: str | None
    separator: str | None
    encoding: str | None
    decimal: str
    same_names: str
    missing_marks: str
    none_text: str | None
    keep_columns: Sequence[str]


@dataclass(frozen=True)
class ReadingOptions:
    """The options for reading a vote table. Raises ValueError for a bad value.

    `columns` maps names of `columns.COLUMNS` to those in the file. `shape` is "long" (a row per answer),
    "questions" (a row per participant, a column per question holding the chosen method) or "counts" (a row
    per participant, a column per method holding its number of votes). `questions` and `methods` select the
    columns of the two wide shapes, and imply them: "Q1-Q20" (all columns from one to the other, in the order
    of the file), "Q1,Q2,Q7", "app.*.player.choice" (a pattern), or a mixture.

    `separator` and `encoding` are never guessed: a comma (a tab in .tsv files) and UTF-8 unless given here.
    `decimal` is the decimal sign of times and ratings. `same_names` says what to do with method names that
    differ only in spelling, `missing_marks` with method names such as NA that may mark missing answers.
    `none_text` is the text in `chosen_method` that means "none of these"; usual English texts are recognised.
    `keep_columns` names further columns of the file to keep.
    """

    columns: Mapping[str, str] | None = None
    shape: str | None = None
    questions: str | None = None
    methods: str | None = None
    separator: str | None = None
    encoding: str | None = None
    decimal: str = "."
    same_names: str = "refuse"
    missing_marks: str = "refuse"
    none_text: str | None = None
    keep_columns: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check("shape", self.shape, (None, *SHAPES))
        _check("decimal", self.decimal, DECIMALS)
        _check("same_names", self.same_names, SAME_NAMES)
        _check("missing_marks", self.missing_marks, MISSING_MARKS)
        if self.separator is not None:
            object.__setattr__(self, "separator", separator_sign(self.separator))
        if self.encoding is not None:
            object.__setattr__(self, "encoding", encoding_name(self.encoding))
        for option, shape in (("questions", "questions"), ("methods", "counts")):
            if getattr(self, option) is not None and self.layout != shape:
                raise ValueError(f"{option} selects columns of the shape {shape!r} (got {self.layout!r})")

    @property
    def layout(self) -> str:
        """The shape: as given, or implied by `questions` or `methods`, or "long"."""
        implied = "questions" if self.questions else "counts" if self.methods else "long"
        return self.shape or implied

    def but(self, settings: ReadingSettings) -> "ReadingOptions":
        """Return these options with some of them changed."""
        return replace(self, **settings)

    def renamed(self) -> dict[str, str]:
        """Return `columns` as a dict."""
        return dict(self.columns or {})


def separator_sign(text: str) -> str:
    """Return the separator that a sign or a name such as "tab" stands for."""
    sign = _SEPARATORS.get(text.strip().casefold() or text, text)
    if len(sign) != 1 or sign in '"\r\n\0':
        names = ", ".join(SEPARATOR_NAMES.values())
        raise ValueError(f"separator must be one character or one of {names} (got {text!r})")
    return sign


def encoding_name(text: str) -> str:
    """Check that Python can decode text in this encoding."""
    try:
        known = b"a\x00".decode(text, "replace") is not None
    except (LookupError, UnicodeError, ValueError):
        known = False
    if not known:
        raise ValueError(
            f"encoding must be one that Python knows, such as utf-8, utf-16, cp1252 (got {text!r})"
        )
    return text


def _check(name: str, value: str | None, allowed: Sequence[str | None]) -> None:
    if value not in allowed:
        choices = ", ".join(repr(choice) for choice in allowed if choice is not None)
        raise ValueError(f"{name} must be one of {choices} (got {value!r})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of reading to a command; `from_arguments` collects them."""
    group = parser.add_argument_group("reading the file")
    group.add_argument(
        "--column",
        action="append",
        type=_mapping,
        default=[],
        metavar="OURS=THEIRS",
        help="use column THEIRS of the file as OURS, such as participant=worker_id; can be repeated",
    )
    group.add_argument(
        "--shape",
        choices=SHAPES,
        help="long: a row per answer; questions: a row per participant and a column per question; "
        "counts: a row per participant and a column per method; default: long",
    )
    group.add_argument(
        "--questions",
        metavar="COLUMNS",
        help="columns of the questions, such as Q1-Q20 (all columns between), Q1,Q2,Q7 or "
        "app.*.player.choice; implies --shape questions",
    )
    group.add_argument(
        "--methods",
        metavar="COLUMNS",
        help="columns of the methods, in the same syntax; implies --shape counts",
    )
    group.add_argument(
        "--separator",
        type=_allowed(separator_sign),
        help="of columns: a character, or comma, semicolon, tab; default: comma, or tab in .tsv files",
    )
    group.add_argument(
        "--encoding", type=_allowed(encoding_name), help="such as utf-16 or cp1252; default: utf-8"
    )
    group.add_argument("--decimal", choices=DECIMALS, default=".", help="decimal sign; default: point")
    group.add_argument(
        "--same-names",
        choices=SAME_NAMES,
        default="refuse",
        help="method names that differ only in case, spaces, hyphens or Unicode form; default: refuse",
    )
    group.add_argument(
        "--missing-marks",
        choices=MISSING_MARKS,
        default="refuse",
        help="method names such as NA, null or -: missing answers, or names to keep; default: refuse",
    )
    group.add_argument(
        "--none", metavar="TEXT", help='text in chosen_method that means "none of these" was chosen'
    )


def from_arguments(namespace: argparse.Namespace, keep_columns: Sequence[str] = ()) -> ReadingOptions:
    """Collect the options that `add_arguments` added. Raises ValueError if they contradict each other."""
    return ReadingOptions(
        columns=dict(namespace.column),
        shape=namespace.shape,
        questions=namespace.questions,
        methods=namespace.methods,
        separator=namespace.separator,
        encoding=namespace.encoding,
        decimal=namespace.decimal,
        same_names=namespace.same_names,
        missing_marks=namespace.missing_marks,
        none_text=namespace.none,
        keep_columns=tuple(keep_columns),
    )


def _allowed(parse: Callable[[str], str]) -> Callable[[str], str]:
    """Let argparse print the message of a ValueError."""

    def convert(text: str) -> str:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def _mapping(text: str) -> tuple[str, str]:
    ours, sign, theirs = text.partition("=")
    if not (ours and sign and theirs):
        raise argparse.ArgumentTypeError(f"{text!r} must be OURS=THEIRS, such as participant=worker_id")
    return ours, theirs
