"""`python -m explanations`: train a network; build, draw and evaluate an explanation set.

Only the module of the command that runs is imported.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Iterable

from explanations.running import progress

COMMANDS = {
    "train": "train the paper's network",
    "accuracy": "measure a classifier on all test images",
    "build": "build an explanation set, or finish an interrupted one",
    "collect": "collect maps or pictures that were made elsewhere into an explanation set",
    "stability": "measure how far two seeds agree, and how many samples that takes",
    "save-weights": "write the weights of a model as safetensors",
    "methods": "list the explanation methods and their parameters",
    "render": "draw the pictures of a set again, in another style",
    "gallery": "draw the comparison figure of a set",
    "evaluate": "measure how faithful the maps of a set are",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a user's mistake is one line on standard error and status 2."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(words[:1]).parse_args(words)
    try:
        importlib.import_module(_module(options.command)).run(options)
    except (ValueError, TypeError) as error:
        return _stopped(options, str(error), 2)
    except progress.Terminated:
        return _stopped(options, "terminated; run it again to continue", 143)
    except KeyboardInterrupt:
        return _stopped(options, "interrupted; run it again to continue", 130)
    except BrokenPipeError:  # the reader closed the pipe, as in `methods | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _stopped(options, f"{place}{error.strerror or error}", 2)
    return 0


def parser(commands: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of all commands, with the options of these `commands` alone."""
    whole = argparse.ArgumentParser(prog="python -m explanations", description=(__doc__ or "").split("\n")[0])
    subparsers = whole.add_subparsers(dest="command", required=True)
    for name, purpose in COMMANDS.items():
        command = subparsers.add_parser(name, help=purpose)
        if name in commands:
            importlib.import_module(_module(name)).add_options(command)
    return whole


def _module(command: str) -> str:
    return f"explanations.commands.{command.replace('-', '_')}"


def _stopped(options: argparse.Namespace, reason: str, status: int) -> int:
    """Say in one line why a command did not end well; its exit status."""
    if getattr(options, "progress", None) == "json":
        progress.say("failed" if status == 2 else "cancelled", message=reason)
    print(f"python -m explanations {options.command}: {reason}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
