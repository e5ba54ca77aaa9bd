"""What a report prints: tables of text under a heading, notes, and figures. Text in, nothing computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis import formatting as fmt


@dataclass(frozen=True)
class Table:
    """Rows of text, ready to print. The first `left` columns are words, the others numbers.

    `name` is short and its own in a report: it names the table's file.
    """

    name: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1

    def __str__(self) -> str:
        return fmt.text_table(self.headings, self.rows, self.left)


@dataclass(frozen=True)
class Drawing:
    """A figure: its title, to stand below it, and the text of an SVG."""

    title: str
    svg: str


@dataclass(frozen=True)
class Section:
    """One part of a report: `figures` maps a file's name to a drawing."""

    slug: str
    heading: str
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    figures: Mapping[str, Drawing] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n\n".join([self.heading, *map(str, self.tables), *self.notes])
