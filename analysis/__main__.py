"""`python -m analysis report votes.csv`: a vote table in, its report out; exit status 2 for bad input."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.omnibus import NAMES, PRIMARY
from analysis.reading import SHAPES
from analysis.report import Report, report
from analysis.resampling import SEED
from analysis.votes import SIMULATED, VoteTable, VoteTableError

FORMS: dict[str, Callable[[Report], str]] = {
    "text": Report.to_text,
    "json": lambda result: result.to_json() + "\n",
    "html": Report.to_html,
    "markdown": Report.to_markdown,
    "latex": Report.to_latex,
    "csv": Report.to_csv,
    "apa": lambda result: result.apa + "\n",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        table = VoteTable.read(options.votes, dict(options.column), options.shape)
        result = report(table, options.min_passed, options.simulated, options.primary, options.seed)
    except VoteTableError as error:
        print(error, file=sys.stderr)
        return 2
    return _write(FORMS[options.format](result).encode(), options.out)


def _write(data: bytes, out: str | None) -> int:
    """To a file, or to standard output, whose reader may have left."""
    if out not in (None, "-"):
        try:
            Path(out).write_bytes(data)
        except OSError as error:
            print(f"{out}: {error.strerror}; name a file that can be written with --out", file=sys.stderr)
            return 2
        return 0
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description="What votes prove.")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser(
        "report",
        help="count the votes of a table and test them",
        description="Count the votes of a table and test whether the methods differ.",
    )
    command.add_argument(
        "votes", help='a vote table in CSV, TSV or Parquet; "-" reads CSV from standard input'
    )
    command.add_argument("--format", choices=FORMS, default="text", help="default: text")
    command.add_argument(
        "--min-passed",
        type=_number_of_checks,
        metavar="N",
        help="keep who is complete and passed at least N attention checks, whatever the column kept says",
    )
    command.add_argument(
        "--simulated",
        choices=SIMULATED,
        default="include",
        help="what to do with participants marked as simulated; default: include",
    )
    command.add_argument(
        "--primary",
        choices=NAMES,
        default=PRIMARY,
        help=f"the test that decides, to be named before the votes are opened; default: {PRIMARY}",
    )
    command.add_argument(
        "--column",
        action="append",
        type=_mapping,
        default=[],
        metavar="OURS=THEIRS",
        help="take the file's column THEIRS for OURS, such as participant=worker_id; may be repeated",
    )
    command.add_argument(
        "--shape",
        choices=SHAPES,
        default="long",
        help="long: a row an answer; questions: a row a participant and a column a question; "
        "counts: a row a participant and a column a method; default: long",
    )
    command.add_argument("--seed", type=_seed, default=SEED, help="of all resampling; default: %(default)s")
    command.add_argument("--out", metavar="FILE", help="write to FILE instead of standard output")
    return parser


def _number_of_checks(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of checks; allowed are 0, 1, 2 and so on")
    return int(text)


def _mapping(text: str) -> tuple[str, str]:
    ours, sign, theirs = text.partition("=")
    if not (ours and sign and theirs):
        raise argparse.ArgumentTypeError(f"{text!r} maps no column; allowed is such as participant=worker_id")
    return ours, theirs


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed; allowed are whole numbers from 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
