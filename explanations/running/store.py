"""Results of long work, kept in a folder under the digest of everything that they depend on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from explanations.running.atomic_files import write_atomically

Result = TypeVar("Result")


@dataclass(frozen=True)
class Codec(Generic[Result]):
    """Conversion of a result to and from the bytes of a file.

    `decode` raises ValueError for damaged bytes.
    """

    suffix: str
    encode: Callable[[Result], bytes]
    decode: Callable[[bytes], Result]


@dataclass(frozen=True)
class Store(Generic[Result]):
    """The results in `folder`. Several processes may share it: a file is complete or does not exist."""

    folder: Path
    codec: Codec[Result]

    def read(self, digest: str) -> Result | None:
        """The result of this digest, or None if it is missing or damaged."""
        try:
            return self.codec.decode(self._file(digest).read_bytes())
        except (OSError, ValueError):
            return None

    def write(self, digest: str, result: Result) -> None:
        """Keep a result."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file(digest), self.codec.encode(result))

    def _file(self, digest: str) -> Path:
        return self.folder / f"{digest}{self.codec.suffix}"
