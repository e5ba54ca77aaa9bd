"""The commands `power` and `recover` of `python -m analysis`: their options, and the text that they print.

Each `add_..._arguments` fills a parser and each `run_...` takes the options that it parsed. Bad values raise
ValueError with the option, the value and what is allowed.
"""

import argparse
from collections.abc import Callable
from typing import TypeVar

from analysis.numerics.resampling import SEED
from analysis.planning.looks import looks
from analysis.planning.power import RUNS, power
from analysis.planning.recover import recover
from analysis.planning.simulation import Stimuli
from analysis.significance import ALPHA

VOTES, ICC, MOST_LOOKS = 20, 0.05, 50
Result = TypeVar("Result")


def add_power_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `power`."""
    parser.add_argument(
        "--shares", required=True, metavar="S,S,...", help="true shares, such as 0.4,0.3,0.2,0.1"
    )
    parser.add_argument(
        "--participants", required=True, metavar="N,N,...", help="sizes to simulate, such as 20,40,80"
    )
    parser.add_argument(
        "--votes", metavar="N", help=f"votes per participant; default: {VOTES}, or labels times replicates"
    )
    parser.add_argument(
        "--icc",
        metavar="R",
        help=f"intraclass correlation of a participant's votes, from a pilot study; default: {ICC}",
    )
    parser.add_argument("--runs", metavar="N", help=f"simulated studies of each size; default: {RUNS}")
    parser.add_argument(
        "--looks", metavar="N", help="print O'Brien-Fleming bounds for N equally spaced looks at the data"
    )
    parser.add_argument("--alpha", metavar="P", help=f"significance level; default: {ALPHA}")
    parser.add_argument("--seed", metavar="N", help=f"seed of the simulation; default: {SEED}")
    stimuli = parser.add_argument_group(
        "stimuli", "power to generalise over the classes or images that the study shows"
    )
    stimuli.add_argument("--labels", metavar="N", help="classes or images, drawn from all of their kind")
    stimuli.add_argument("--replicates", metavar="N", help="maps per label and method; default: 1")
    stimuli.add_argument(
        "--stimulus-sd",
        metavar="SD",
        help="standard deviation of the log-odds of a method between labels, such as 0.5; default: 0",
    )
    stimuli.add_argument(
        "--map-sd", metavar="SD", help="the same between the maps of one label and method; default: 0"
    )


def run_power(options: argparse.Namespace) -> str:
    """Simulate the studies and print their powers. Raises ValueError that names an option."""
    shares = _numbers("--shares", options.shares)
    sizes = _whole_numbers("--participants", options.participants)
    stimuli = _stimuli(options)
    votes = _whole("--votes", options.votes, stimuli.questions if stimuli else VOTES)
    if stimuli and votes != stimuli.questions:
        raise ValueError(
            f"--votes must be --labels times --replicates, {stimuli.questions}, or be left out (got {votes})"
        )
    alpha = _number("--alpha", options.alpha, ALPHA)
    n_looks = _whole("--looks", options.looks, 1)
    if not 1 <= n_looks <= MOST_LOOKS:
        raise ValueError(f"--looks must be from 1 to {MOST_LOOKS} (got {n_looks})")
    plan = _named(
        lambda: power(
            shares,
            sizes,
            votes,
            _number("--icc", options.icc, ICC),
            _whole("--runs", options.runs, RUNS),
            _whole("--seed", options.seed, SEED),
            alpha,
            stimuli,
            detectable=stimuli is None,
        )
    )
    parts = [str(plan)]
    if n_looks > 1:
        parts.append(str(looks([i / n_looks for i in range(1, n_looks + 1)], alpha)))
    return "\n\n".join(parts) + "\n"


def add_recover_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `recover`."""
    parser.add_argument(
        "--totals", required=True, metavar="N,N,...", help="votes for each method, such as 939,438,151,132"
    )
    parser.add_argument("--f", required=True, help='F as printed, such as 338 or "F(3, 328) = 338"')
    parser.add_argument("--p", required=True, help='p as printed, such as .03, 5.22e-100, "<.001" or ">.05"')
    parser.add_argument("--participants", metavar="N", help="try this number of participants only")


def run_recover(options: argparse.Namespace) -> str:
    """Search the designs that fit and print them. Raises ValueError that names an option."""
    totals = _whole_numbers("--totals", options.totals)
    participants = None
    if options.participants is not None:
        participants = _whole("--participants", options.participants, 0)
    return f"{_named(lambda: recover(totals, options.f, options.p, participants))}\n"


def _stimuli(options: argparse.Namespace) -> Stimuli | None:
    if options.labels is None:
        for name in ("replicates", "stimulus_sd", "map_sd"):
            if getattr(options, name) is not None:
                raise ValueError(
                    f"--{name.replace('_', '-')} needs --labels, the number of classes or images"
                )
        return None
    return _named(
        lambda: Stimuli(
            _whole("--labels", options.labels, 0),
            _whole("--replicates", options.replicates, 1),
            _number("--stimulus-sd", options.stimulus_sd, 0.0),
            _number("--map-sd", options.map_sd, 0.0),
        )
    )


def _named(compute: Callable[[], Result]) -> Result:
    """Messages of the library begin with the name of an argument; here they begin with its option."""
    try:
        return compute()
    except ValueError as error:
        name, _, rest = str(error).partition(" ")
        if name.startswith("-"):
            raise
        raise ValueError(f"--{name.replace('_', '-')} {rest}") from None


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            f"{option} must be numbers with commas between, such as 0.4,0.6 (got {text!r})"
        ) from None


def _whole_numbers(option: str, text: str) -> list[int]:
    parts = text.split(",")
    if not all(_is_whole(part) for part in parts):
        raise ValueError(f"{option} must be whole numbers with commas between, such as 20,40 (got {text!r})")
    return [int(part) for part in parts]


def _whole(option: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    if not _is_whole(text):
        raise ValueError(f"{option} must be a whole number from 0 (got {text!r})")
    return int(text)


def _is_whole(text: str) -> bool:
    text = text.strip()
    return text.isascii() and text.isdigit() and len(text) < 16


def _number(option: str, text: str | None, default: float) -> float:
    try:
        return default if text is None else float(text)
    except ValueError:
        raise ValueError(f"{option} must be a number, such as {default:g} (got {text!r})") from None
