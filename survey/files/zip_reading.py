"""Zip files from elsewhere, unpacked into a folder with nothing trusted: names, kinds, sizes, checksums.

Refused in one line each: paths that lead out of the folder, links, names that stand there twice, encrypted
members, bombs. Sizes are counted while unpacking; what the zip's directory says of them is not believed.
"""

import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

CHUNK = 1 << 16


class ZipRefused(ValueError):
    """What is wrong with the zip file, in one line."""


@dataclass(frozen=True)
class Limits:
    members: int = 20_000
    unpacked: int = 2 << 30  # bytes, of all members together
    ratio: int = 200  # unpacked to packed, of a member over a megabyte


LIMITS = Limits()


def unpack(file, folder, limits=LIMITS, name="the zip file"):
    """Unpacks a zip (a path or a binary file) into an empty folder; gives the names of its files, sorted."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _refuse_names(archive.infolist(), limits, name)
            left = limits.unpacked
            for member in members:
                left -= _unpack_member(archive, member, Path(folder), left, limits, name)
            return sorted(member.filename for member in members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError) as error:
        raise ZipRefused(f"{name}: no zip file that can be read: {' '.join(str(error).split())}.") from None


def _refuse_names(members, limits, name):
    if len(members) > limits.members:
        raise ZipRefused(f"{name}: {len(members):,} members; allowed are {limits.members:,}.")
    seen = {}
    for member in members:
        shown = repr(member.filename[:80])
        path = PurePosixPath(member.filename)
        windows = "\\" in member.filename or ":" in member.filename
        if path.is_absolute() or ".." in path.parts or windows or not member.filename.isprintable():
            raise ZipRefused(
                f"{name}: the name {shown} leads out of the folder; allowed are plain paths in it."
            )
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ZipRefused(f"{name}: {shown} is a link or a device; allowed are files and folders.")
        if member.flag_bits & 0x1:
            raise ZipRefused(f"{name}: {shown} is encrypted; pack it without a password.")
        folded = str(path).casefold()
        if folded in seen:
            raise ZipRefused(f"{name}: {shown} stands there twice, as {seen[folded]!r}; keep one.")
        seen[folded] = member.filename


def _unpack_member(archive, member, folder, left, limits, name):
    target = folder / member.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(member) as packed, target.open("xb") as file:
        while chunk := packed.read(CHUNK):
            size += len(chunk)
            if size > left:
                raise ZipRefused(
                    f"{name}: unpacks to more than {limits.unpacked:,} bytes; that is not allowed."
                )
            if size > (1 << 20) and size > limits.ratio * max(member.compress_size, 1):
                raise ZipRefused(
                    f"{name}: {member.filename!r} unpacks to over {limits.ratio} times its size."
                )
            file.write(chunk)
    return size
