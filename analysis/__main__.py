"""`python -m analysis report | power | recover`: text in, text out; exit status 2 for bad input."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.inference.omnibus import NAMES, PRIMARY
from analysis.metric_agreement.metric_table import MetricTable
from analysis.numerics.resampling import SEED
from analysis.planning import command as planning
from analysis.reporting.formats import paper
from analysis.reporting.report import FORMATS, report
from analysis.significance import ALPHA
from analysis.votes import reading_options
from analysis.votes.table import SIMULATED, VoteTable

PAPER = "paper"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ValueError as error:  # a VoteTableError is one too
        print(error, file=sys.stderr)
        return 2


def _report(options: argparse.Namespace) -> int:
    reading = reading_options.from_arguments(options, [options.by] if options.by else [])
    points = options.smallest_difference
    result = report(
        VoteTable.read(options.votes, reading),
        metrics=MetricTable.read(options.metrics) if options.metrics else None,
        min_passed=options.min_passed,
        simulated=options.simulated,
        primary=options.primary,
        alpha=options.alpha,
        seed=options.seed,
        contrasts=tuple(options.contrast),
        baseline=options.baseline,
        smallest_difference=None if points is None else points / 100,
        by=options.by,
        all_tests=options.all_tests,
    )
    if options.format == PAPER:
        return _write_folder(paper.files(result.document), options.out)
    return _write(result.write(options.format).encode(), options.out)


def _power(options: argparse.Namespace) -> int:
    return _write(planning.run_power(options).encode(), options.out)


def _recover(options: argparse.Namespace) -> int:
    return _write(planning.run_recover(options).encode(), options.out)


def _write(data: bytes, out: str | None) -> int:
    """Write to a file, or to standard output, which may have been closed by its reader."""
    if out not in (None, "-"):
        try:
            Path(out).write_bytes(data)
        except OSError as error:
            raise _cannot_write(out, error) from None
        return 0
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _write_folder(files: dict[str, bytes], out: str | None) -> int:
    if out in (None, "-"):
        raise ValueError("--format paper writes a folder; name it with --out FOLDER")
    folder = Path(out)
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise _cannot_write(out, error) from None
    return 0


def _cannot_write(out: str, error: OSError) -> ValueError:
    return ValueError(f"{out}: {error.strerror}; name a path that can be written with --out")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analysis", description="Statistics of blind user studies of visual explanations."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, description, add, run in (
        ("report", "Count the votes of a table and test whether the methods differ.", _add_report, _report),
        ("power", "Simulate how many participants a study needs.", planning.add_power_arguments, _power),
        (
            "recover",
            "Find the designs in which totals of votes and F give the printed p.",
            planning.add_recover_arguments,
            _recover,
        ),
    ):
        command = commands.add_parser(name, help=description[0].lower() + description[1:-1])
        command.description = description
        command.add_argument("--out", metavar="FILE", help="write to FILE instead of standard output")
        add(command)
        command.set_defaults(run=run)
    return parser


def _add_report(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "votes", help='a vote table in CSV, TSV or Parquet; "-" reads CSV from standard input'
    )
    command.add_argument(
        "--format",
        choices=(*FORMATS, PAPER),
        default="text",
        help="paper writes a folder with LaTeX, references and charts to --out; default: text",
    )
    reading_options.add_arguments(command)
    _add_plan(command)
    command.add_argument(
        "--metrics",
        metavar="FILE",
        help="metrics of the maps in CSV, from an evaluated explanation set: do they agree with people?",
    )


def _add_plan(command: argparse.ArgumentParser) -> None:
    plan = command.add_argument_group("analysis plan", "name these before you look at the votes")
    add = plan.add_argument
    add(
        "--min-passed",
        type=_number_of_checks,
        metavar="N",
        help="include complete participants who passed at least N attention checks; overrides column kept",
    )
    add(
        "--simulated",
        choices=SIMULATED,
        default="include",
        help="what to do with participants marked as simulated; default: include",
    )
    add("--primary", choices=NAMES, default=PRIMARY, help=f"the test that decides; default: {PRIMARY}")
    add("--alpha", type=float, default=ALPHA, help="significance level; default: %(default)s")
    add(
        "--contrast",
        action="append",
        default=[],
        metavar="CONTRAST",
        help='a planned comparison, such as "A - mean(others)"; may be repeated',
    )
    add("--baseline", metavar="METHOD", help="compare every other method with METHOD")
    add(
        "--smallest-difference",
        type=float,
        metavar="POINTS",
        help="smallest difference of interest in percentage points: tests equivalence",
    )
    add("--by", metavar="COLUMN", help="compare groups of participants, such as condition")
    add(
        "--all-tests",
        action="store_true",
        help="also print rank tests and the Dirichlet-multinomial test, which test other null hypotheses",
    )
    add("--seed", type=_seed, default=SEED, help="seed of all resampling; default: %(default)s")


def _number_of_checks(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of checks; allowed are 0, 1, 2 and so on")
    return int(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed; allowed are whole numbers from 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
