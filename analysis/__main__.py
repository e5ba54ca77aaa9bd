"""`python -m analysis report | power | recover`: text in, text out; exit status 2 for bad input."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from analysis.inference.omnibus import NAMES, PRIMARY
from analysis.metric_agreement.metric_table import MetricTable
from analysis.numerics.resampling import SEED
from analysis.planning.command import (
    add_power_arguments,
    add_recover_arguments,
    run_power,
    run_recover,
)
from analysis.reporting.report import Report, report
from analysis.significance import ALPHA
from analysis.votes.reading import SHAPES
from analysis.votes.table import SIMULATED, VoteTable

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
        return _write(str(options.run(options)).encode(), options.out)
    except ValueError as error:  # a VoteTableError is one too
        print(error, file=sys.stderr)
        return 2


def _report(options: argparse.Namespace) -> str:
    table = VoteTable.read(options.votes, dict(options.column), options.shape)
    metrics = MetricTable.read(options.metrics) if options.metrics else None
    result = report(
        table,
        options.min_passed,
        options.simulated,
        options.primary,
        options.seed,
        metrics,
        options.alpha,
    )
    return FORMS[options.format](result)


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
    for add, run in ((_add_report, _report), (_add_power, run_power), (_add_recover, run_recover)):
        command = add(commands)
        command.add_argument("--out", metavar="FILE", help="write to FILE instead of standard output")
        command.set_defaults(run=run)
    return parser


def _add_report(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
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
    _add_alpha(command)
    command.add_argument(
        "--metrics",
        metavar="FILE",
        help="metrics of the maps in CSV, as of an evaluated explanation set: whether they and people agree",
    )
    return command


def _add_power(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        "power",
        help="how many participants a study needs",
        description="Simulate studies of several sizes, and print the bounds of interim looks.",
    )
    add_power_arguments(command)
    return command


def _add_alpha(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--alpha",
        type=float,
        default=ALPHA,
        help="a p below it is a finding, and intervals of differences leave it out; default: %(default)s",
    )


def _add_recover(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        "recover",
        help="which study a published result came from",
        description="Find the designs in which totals of votes and F give the p that was printed.",
    )
    add_recover_arguments(command)
    return command


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
