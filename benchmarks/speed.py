"""How long the analysis takes, beside pandas, SciPy, statsmodels and pingouin in the same run.

Prints Markdown. Run with `make bench-analysis`. Seconds depend on the machine; read the ratios.
"""

import io
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multicomp import pairwise_tukeyhsd

from analysis.design_checks import agreement, classes
from analysis.estimation import pairs, rankings
from analysis.estimation.estimates import estimate
from analysis.inference import omnibus
from analysis.inference.repeated_measures import repeated_measures
from analysis.inference.tukey import hsd
from analysis.numerics.exact import ExactShares
from analysis.numerics.resampling import bootstrap_sums
from analysis.numerics.studentised_range import critical_range
from analysis.planning.simulation import draw
from analysis.reporting.report import report
from analysis.votes.table import VoteTable

RESAMPLING = (
    (omnibus, "permutation_test"),
    (rankings, "bootstrap_sums"),
    (rankings, "count_rankings"),
    (pairs, "judge_contrasts"),
    (classes, "count_as_far"),
    (agreement, "permutation_p"),
)
METHODS = np.array(["NormLIME", "LIME", "VarGrad", "SmoothGrad"])


def seconds(function: Callable[[], object], times: int = 3) -> float:
    """The least wall time of so many calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)


def report_apart(table: VoteTable) -> tuple[float, float]:
    """Time a whole report with all sections and charts, and its resampling."""
    resampling = [0.0]

    def timed(module: ModuleType, name: str) -> None:
        function = getattr(module, name)

        def run(*arguments: object, **options: object) -> object:
            start = time.perf_counter()
            result = function(*arguments, **options)
            resampling[0] += time.perf_counter() - start
            return result

        setattr(module, name, run)

    for module, name in RESAMPLING:
        timed(module, name)
    whole = seconds(lambda: report(table).write("html"), 1)
    return whole, resampling[0]


def votes(n: int) -> pd.DataFrame:
    """The votes of `n` participants with 20 questions of four options."""
    rng = np.random.default_rng(1)
    table = draw(np.array([0.57, 0.26, 0.09, 0.08]), n, 20, 0.0365, 1, rng)[0]
    chosen = np.repeat(np.tile(np.arange(4), n), table.ravel())
    order = np.argsort(rng.random((n * 20, 4)), axis=1)
    passed = np.repeat(rng.choice([5, 4, 3, 2], n, p=[0.9, 0.08, 0.01, 0.01]), 20)
    columns = {f"method_{i + 1}": METHODS[order[:, i]] for i in range(4)}
    return pd.DataFrame(
        {
            "participant": np.repeat([f"P{i:05d}" for i in range(n)], 20),
            "position": np.tile(np.arange(1, 21), n),
            "question": np.tile([f"q{i}" for i in range(20)], n),
            "kind": "scored",
            "label": np.tile([str(i // 2) for i in range(20)], n),
            **columns,
            "chosen_position": np.argmax(order == chosen[:, None], axis=1) + 1,
            "chosen_method": METHODS[chosen],
            "response_ms": rng.integers(800, 9000, n * 20),
            "status": "complete",
            "checks_passed": passed,
            "kept": passed >= 4,
        }
    )


def main() -> None:
    warnings.simplefilter("ignore")
    import pingouin

    rows: list[tuple[str, float, str, float | None]] = []
    small = votes(83)
    counts = VoteTable.from_frame(small).counts()
    floats = dict(zip(counts.methods, counts.table.T / 20, strict=True))
    long = pd.DataFrame(floats).stack().rename_axis(["participant", "method"]).rename("share").reset_index()

    def fresh() -> ExactShares:  # which has remembered no sum yet
        return ExactShares(counts.table, counts.methods)

    def tukey() -> object:
        critical_range.cache_clear()
        return hsd(fresh())

    rows.append(
        (
            "Tukey HSD, 4 groups of 83",
            seconds(tukey),
            "statsmodels",
            seconds(lambda: pairwise_tukeyhsd(long["share"], long["method"])),
        )
    )
    rows.append(
        (
            "",
            seconds(tukey),
            "SciPy",
            seconds(lambda: stats.tukey_hsd(*floats.values()).confidence_interval()),
        )
    )
    rows.append(
        (
            "Repeated-measures ANOVA, 83 participants",
            seconds(lambda: repeated_measures(fresh())),
            "pingouin",
            seconds(lambda: pingouin.rm_anova(long, "share", "method", "participant", correction=True)),
        )
    )
    rows.append(
        (
            "10,000 bootstrap replicates, 83 participants",
            seconds(lambda: bootstrap_sums(counts.table)),
            "",
            None,
        )
    )
    many = draw(np.array([0.57, 0.26, 0.09, 0.08]), 5000, 20, 0.0365, 1, np.random.default_rng(2))[0]
    rows.append(
        (
            "10,000 bootstrap replicates, 5,000 participants",
            seconds(lambda: bootstrap_sums(many), 1),
            "",
            None,
        )
    )
    rows.append(("All estimates, 83 participants", seconds(lambda: estimate(counts)), "", None))

    big = votes(50_000)
    with tempfile.TemporaryDirectory() as folder:
        text, binary = Path(folder, "votes.csv"), Path(folder, "votes.parquet")
        big.to_csv(text, index=False)
        big.to_parquet(binary)
        data = text.read_bytes()
        rows.append(
            (
                "1,000,000 votes: read, check, count (CSV)",
                seconds(lambda: VoteTable.read(text).counts()),
                "pandas, read_csv as text, nothing checked",
                seconds(lambda: pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)),
            )
        )
        rows.append(
            (
                "1,000,000 votes: read, check, count (Parquet)",
                seconds(lambda: VoteTable.read(binary).counts()),
                "pandas, read_parquet, nothing checked",
                seconds(lambda: pd.read_parquet(binary)),
            )
        )
        table = VoteTable.read(binary)
    whole, resampling = report_apart(table)
    rows.append(("1,000,000 votes: the whole report as HTML, less resampling", whole - resampling, "", None))
    rows.append(("1,000,000 votes: its resampling", resampling, "", None))

    print("| What | here, ms | beside | ms | ratio |\n| --- | ---: | --- | ---: | ---: |")
    for what, ours, peer, theirs in rows:
        ratio = "" if theirs is None else f"{theirs / ours:.1f}"
        beside = "" if theirs is None else f"{theirs * 1000:.1f}"
        print(f"| {what} | {ours * 1000:.1f} | {peer} | {beside} | {ratio} |")


if __name__ == "__main__":
    main()
