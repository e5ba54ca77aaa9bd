"""Names of classes from the text file beside a data set: one a line, in the order of a network's outputs."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

CLASSES_FILE = "classes.txt"
FILES = (CLASSES_FILE, "labels.txt")  # either name; where both are there, they must agree


def class_names(folder: Path) -> tuple[str, ...] | None:
    """The names in the classes.txt or labels.txt of `folder`; None without either. Raises ValueError."""
    lists = {name: _read(folder / name) for name in FILES if (folder / name).is_file()}
    if len(set(lists.values())) > 1:
        raise ValueError(f"{folder}: {' and '.join(lists)} differ; keep the one in the order of the outputs")
    return next(iter(lists.values()), None)


def classes_file(folder: Path) -> Path:
    """The file that names the classes in `folder`, whether it is there or not."""
    return next((folder / name for name in FILES if (folder / name).is_file()), folder / CLASSES_FILE)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names, where those that occur twice get a number: "crane-1" and "crane-2".

    ImageNet has two classes "crane" and two "maillot".
    """
    names = tuple(names)
    counts, seen = Counter(names), Counter[str]()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name}-{seen[name]}" if counts[name] > 1 else name)
    if len(set(numbered)) < len(numbered):
        double = next(name for name, count in Counter(numbered).items() if count > 1)
        raise ValueError(f"two classes would be called {double!r}; give every class a name of its own")
    return tuple(numbered)


def _read(file: Path) -> tuple[str, ...]:
    try:
        text = file.read_text(encoding="utf-8-sig")  # Windows' editors write a byte order mark
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    try:
        return distinct(line.strip() for line in text.splitlines() if line.strip())
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
