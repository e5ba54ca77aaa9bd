"""Files that are written completely or not at all. Uses only the standard library."""

import os
from pathlib import Path


def refuse_unwritable(path: Path) -> None:
    """Raise ValueError if no file can be written at `path`, before the work rather than after."""
    if path.is_dir():
        raise ValueError(f"{path}: is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{path}: there is no folder {path.parent}; make it, or name another file")


def refuse_no_folder(path: Path) -> None:
    """Raise ValueError if `path` is not a folder and cannot become one, because of a file."""
    for place in (path, *path.absolute().parents):
        if place.exists():
            if not place.is_dir():
                raise ValueError(f"{path}: cannot be a folder, because {place} is a file; name another")
            return


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader, or a power cut, finds the old file or the new one."""
    draft = path.with_name(f"{path.name}.partial")
    with open(draft, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
