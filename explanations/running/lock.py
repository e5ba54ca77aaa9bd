"""Lock that allows one build at a time in a folder; it is released when its process ends."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path`, or raise ValueError that says who does; it may be deleted meanwhile.

    `what` names the locked thing in the message.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 200).decode(errors="replace") or "another process"
            raise ValueError(
                f"{what}: {holder} is working here; wait until it ends, or choose another --out"
            ) from None
        if not path.exists() or os.fstat(file).st_ino != path.stat().st_ino:
            raise ValueError(f"{what}: another process has just finished here; try again")
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(file)
