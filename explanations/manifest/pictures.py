"""The pictures of a set: files that reveal nothing but what they show, and checks of them."""

import hashlib
import os
import shutil
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from explanations.manifest.files import IMAGES_FOLDER, MANIFEST_FILE, ManifestError, read_file
from explanations.manifest.records import ClassMap, Manifest, Original

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = ("IHDR", "PLTE", "IDAT", "IEND")
MODIFIED = 946_728_000  # noon of 1 January 2000 (UTC): the one modification time of all pictures


@dataclass(frozen=True)
class PictureFile:
    """A picture's path from the set's folder, and the SHA-256 of its file."""

    path: str
    sha256: str


def write(folder: Path, pictures: Mapping[str, bytes]) -> dict[str, PictureFile]:
    """Write the pictures of maps, in place of those that are there, and say by key where each is.

    Their names are of their content, their modification times are one. Pictures that look the same have
    files of their own.
    """
    shutil.rmtree(folder / IMAGES_FOLDER, ignore_errors=True)
    (folder / IMAGES_FOLDER).mkdir(parents=True)
    files: dict[str, PictureFile] = {}
    seen: Counter[str] = Counter()
    for key in sorted(pictures):
        sha256 = hashlib.sha256(pictures[key]).hexdigest()
        copy = f"{sha256}/{seen[sha256]}".encode()
        name = hashlib.sha256(copy).hexdigest() if seen[sha256] else sha256
        seen[sha256] += 1
        files[key] = PictureFile(f"{IMAGES_FOLDER}/{name[:20]}.png", sha256)
        path = folder / files[key].path
        path.write_bytes(pictures[key])
        os.utime(path, (MODIFIED, MODIFIED))
    return files


def check(manifest: Manifest, folder: Path) -> None:
    """Check that all maps' pictures have one size in pixels and bytes, and all originals one in pixels.

    Raises ManifestError.
    """
    _check_maps(manifest.maps, folder)
    _check_originals(manifest.originals, folder)


def _check_maps(records: Iterable[ClassMap], folder: Path) -> None:
    first, expected, beginning = "", (0, 0, 0), b""
    for record in records:
        content = _unchanged(folder, record)
        size = (*_png_size(record.image, content), len(content))
        first, expected = (first, expected) if first else (record.image, size)
        if size != expected:
            raise ManifestError(
                f"{record.image}: {size[0]} x {size[1]} pixels in {size[2]} bytes, but {first} has "
                f"{expected[0]} x {expected[1]} in {expected[2]}; all pictures of a set have one size, "
                "or the size would reveal the method"
            )
        before, _, _ = content.partition(b"IDAT")
        beginning = beginning or before
        if before != beginning:
            raise ManifestError(
                f"{record.image}: has other colours or another palette than {first}; all pictures of a set "
                "have the same, or they would tell the method"
            )


def _check_originals(records: Iterable[Original], folder: Path) -> None:
    first, expected = "", (0, 0)
    for record in records:
        size = _png_size(record.image, _unchanged(folder, record))
        first, expected = (first, expected) if first else (record.image, size)
        if size != expected:
            raise ManifestError(
                f"{record.image}: {size[0]} x {size[1]} pixels, but {first} has {expected[0]} x "
                f"{expected[1]}; all images of a set have one size"
            )


def _unchanged(folder: Path, record: ClassMap | Original) -> bytes:
    """The bytes of a record's picture, after comparing their SHA-256."""
    content = read_file(folder, record.image)
    digest = hashlib.sha256(content).hexdigest()
    if digest != record.sha256:
        raise ManifestError(
            f"{record.image}: SHA-256 is {digest}, but {MANIFEST_FILE} says {record.sha256}; "
            "the file was changed: build the set again"
        )
    return content


def _png_size(name: str, content: bytes) -> tuple[int, int]:
    """Width and height of a PNG that has only the chunks IHDR, PLTE, IDAT, IEND and nothing after its end."""
    if not content.startswith(PNG_SIGNATURE) or content[12:16] != b"IHDR" or len(content) < 33:
        raise ManifestError(f"{name}: is not a PNG image; build the set again")
    position, kind = len(PNG_SIGNATURE), ""
    while position + 12 <= len(content) and kind != "IEND":
        length, raw = struct.unpack(">I4s", content[position : position + 8])
        kind = raw.decode("latin-1")
        if kind not in PNG_CHUNKS:
            raise ManifestError(
                f"{name}: has a PNG chunk {kind!r}; allowed: {', '.join(PNG_CHUNKS)}, "
                "because metadata could reveal the method"
            )
        position += 12 + length
    if kind != "IEND" or position != len(content):
        raise ManifestError(f"{name}: the PNG does not end where its file ends; build the set again")
    width, height = struct.unpack(">II", content[16:24])
    return width, height
