"""Files that are there whole or not at all. Standard library only."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader, or a power cut, finds the old file or the new one."""
    draft = path.with_name(f"{path.name}.partial")
    with open(draft, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
