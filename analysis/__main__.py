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
from analysis.planning.power import RUNS, looks, power
from analysis.planning.recover import recover
from analysis.reporting.report import Report, report
from analysis.significance import ALPHA
from analysis.votes import reading_options
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
    table = VoteTable.read(options.votes, reading_options.from_arguments(options))
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


def _power(options: argparse.Namespace) -> str:
    sizes = [int(n) for n in options.participants]
    plan = power(options.shares, sizes, options.votes, options.icc, options.runs, options.seed, options.alpha)
    parts = [str(plan)]
    if options.looks > 1:
        parts += [str(looks([i / options.looks for i in range(1, options.looks + 1)], options.alpha))]
    return "\n\n".join(parts) + "\n"


def _recover(options: argparse.Namespace) -> str:
    return f"{recover([int(n) for n in options.totals], options.f, options.p, options.participants)}\n"


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
    for add, run in ((_add_report, _report), (_add_power, _power), (_add_recover, _recover)):
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
    reading_options.add_arguments(command)
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
        description="Simulate studies of several sizes, and say when they may be looked at early.",
    )
    command.add_argument("--shares", type=_listed, required=True, help="true shares, such as 0.4,0.3,0.2,0.1")
    command.add_argument("--participants", type=_listed, required=True, help="sizes to try, such as 20,40,80")
    command.add_argument("--votes", type=int, default=20, help="of each participant; default: %(default)s")
    command.add_argument(
        "--icc",
        type=float,
        default=0.05,
        help="intra-class correlation of a pilot study; default: %(default)s",
    )
    command.add_argument("--runs", type=int, default=RUNS, help="simulated studies; default: %(default)s")
    command.add_argument("--looks", type=int, default=1, help="looks at the data, the last one included")
    _add_alpha(command)
    command.add_argument("--seed", type=_seed, default=SEED, help="default: %(default)s")
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
    command.add_argument("--totals", type=_listed, required=True, help="votes of each method, such as 9,4,2")
    command.add_argument("--f", required=True, help="F as printed")
    command.add_argument("--p", required=True, help="p as printed")
    command.add_argument("--participants", type=int, help="try this number only")
    return command


def _number_of_checks(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of checks; allowed are 0, 1, 2 and so on")
    return int(text)


def _listed(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers, such as 1,2,3") from None


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed; allowed are whole numbers from 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
