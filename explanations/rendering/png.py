"""PNG files of one length: pixels in, bytes out, with one filter, one level and no metadata.

The length of a compressed picture tells how smooth it is, and so often its method. All pictures of a set are
therefore padded to one length, inside the compressed data: with blocks of deflate (RFC 1951, 3.2.3 and 3.2.4)
that decode to nothing. Readers of PNG pass over them, and all files have the same chunks of the same lengths.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (H, W), indices of a palette, or (H, W, 3), sRGB

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL = 6  # a third of the time of 9, and 0 to 2% longer
PAETH, UNFILTERED = 4, 0  # PNG's filters that suit photographs, and indices of a palette
COLOURED, INDEXED = 2, 3  # PNG's colour types

# Blocks of deflate that hold nothing and end where a byte ends
FIVE_BYTES = b"\x00\x00\x00\xff\xff"  # stored
SIX_BYTES = b"\x02\x00\x00\x00\xff\xff"  # fixed codes, then stored
LAST_BLOCK = b"\x03\x00"
ROOM = 20  # every number of bytes from 20 is a sum of fives and sixes

ZLIB_HEADER = b"\x78\x9c"  # a window of 32 kB, the default level


class TooLong(ValueError):
    """A picture does not fit into the length that a file may have."""


@dataclass(frozen=True)
class _Stream:
    """Compressed pixels without a last block, and their Adler-32."""

    blocks: bytes
    checksum: int


def encode(
    pictures: Iterable[tuple[str, Pixels]],
    palette: Pixels | None = None,
    *,
    length: int | None = None,
    longest: int | None = None,
) -> dict[str, bytes]:
    """The PNG files of pictures by key, all of one length in bytes.

    Pictures are indices (H, W) of the `palette` (n, 3), or colours (H, W, 3) without one; all have one shape.
    The length is `length`, or the least that holds every picture. Raises TooLong where a picture takes more
    than `length` or `longest`, at the first that does, and ValueError where shapes differ.
    """
    streams: dict[str, _Stream] = {}
    shape: tuple[int, ...] = ()
    for key, pixels in pictures:
        shape = shape or pixels.shape
        if pixels.shape != shape:
            raise ValueError(f"{key}: its picture has the shape {pixels.shape}, others have {shape}")
        streams[key] = _compress(pixels)
        needed = len(_file(shape, palette, streams[key], ROOM))
        if needed > min(length or needed, longest or needed):
            raise TooLong(f"{key}: takes {needed} bytes, more than {length or longest}")
    room = ROOM + max((len(stream.blocks) for stream in streams.values()), default=0)
    if streams and length:
        key = next(iter(streams))
        room = length - len(_file(shape, palette, streams[key], 0)) + len(streams[key].blocks)
    return {key: _file(shape, palette, stream, room - len(stream.blocks)) for key, stream in streams.items()}


def _compress(pixels: Pixels) -> _Stream:
    lines = _filtered(pixels)
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return _Stream(deflate.compress(lines) + deflate.flush(zlib.Z_SYNC_FLUSH), zlib.adler32(lines))


def _filtered(pixels: Pixels) -> bytes:
    """PNG's lines: each with the number of its filter before it."""
    flat = pixels.reshape(len(pixels), -1)  # (H, W) or (H, 3 W)
    kind = UNFILTERED
    if pixels.ndim == 3:
        flat, kind = _paeth(flat, pixels.shape[2]), PAETH
    return np.insert(flat, 0, kind, axis=1).tobytes()


def _paeth(lines: Pixels, step: int) -> Pixels:
    """Residuals of `lines` (H, step W) after Paeth's predictor.

    https://www.w3.org/TR/png-3/#9Filter-type-4-Paeth
    """
    padded = np.pad(lines.astype(np.int16), ((1, 0), (step, 0)))
    here, left, above, corner = padded[1:, step:], padded[1:, :-step], padded[:-1, step:], padded[:-1, :-step]
    estimate = left + above - corner
    to_left, to_above, to_corner = (np.abs(estimate - near) for near in (left, above, corner))
    nearest = np.where(
        (to_left <= to_above) & (to_left <= to_corner), left, np.where(to_above <= to_corner, above, corner)
    )
    return ((here - nearest) % 256).astype(np.uint8)


def _file(shape: tuple[int, ...], palette: Pixels | None, stream: _Stream, padding: int) -> bytes:
    kind = COLOURED if palette is None else INDEXED
    data = ZLIB_HEADER + stream.blocks + _padding(padding) + LAST_BLOCK + struct.pack(">I", stream.checksum)
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", shape[1], shape[0], 8, kind, 0, 0, 0)),
            b"" if palette is None else _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", data),
            _chunk(b"IEND", b""),
        ]
    )


def _padding(length: int) -> bytes:
    """Empty blocks of `length` bytes in all, which is 0 or at least ROOM."""
    sixes = length % 5
    return SIX_BYTES * sixes + FIVE_BYTES * ((length - 6 * sixes) // 5)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
