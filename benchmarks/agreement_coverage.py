"""How often the interval of a rank correlation between metric and votes covers the truth, beside percentiles.

    python -m benchmarks.agreement_coverage

Studies of 60 participants who differ, 20 questions of four maps, and metrics that follow what people see not
at all, a little, or closely. The truth is the correlation with the shares of 4,000 participants.
"""

import numpy as np
from scipy import stats

from analysis.metric_agreement.concordance import concordance
from analysis.metric_agreement.metric_table import MetricTable
from analysis.numerics.resampling import bootstrap_sums
from analysis.votes.table import VoteTable

STUDIES, PEOPLE, QUESTIONS, OPTIONS, MANY = 150, 60, 20, 4, 4000
METHODS = [f"m{option}" for option in range(OPTIONS)]


def votes(rng: np.random.Generator, appeal: np.ndarray, people: int) -> np.ndarray:
    """The option (people, questions) that each person takes: appeal, a taste of their own, and chance."""
    size = (people, QUESTIONS, OPTIONS)
    return np.argmax(appeal + 0.5 * rng.standard_normal(size) + rng.gumbel(size=size), axis=2)


def study(rng: np.random.Generator, strength: float) -> tuple[bool, bool]:
    """Whether our interval, and the percentile interval, covers the truth."""
    appeal = 0.7 * rng.standard_normal((QUESTIONS, OPTIONS))
    metric = strength * appeal + 0.7 * rng.standard_normal((QUESTIONS, OPTIONS))
    taken = votes(rng, appeal, MANY)
    shares = np.stack([(taken == option).mean(axis=0) for option in range(OPTIONS)], axis=1)
    truth = float(stats.spearmanr(metric.ravel(), shares.ravel()).statistic)
    few = votes(rng, appeal, PEOPLE)
    [row] = concordance(_table(few), _table(few).counts(), _metrics(metric), seed=1, replicates=400).metrics
    low, high = _percentiles(few, metric)
    return row.correlation.low <= truth <= row.correlation.high, low <= truth <= high


def _table(taken: np.ndarray) -> VoteTable:
    offered = {f"method_{place}": name for place, name in enumerate(METHODS, start=1)}
    return VoteTable.from_rows(
        {"participant": f"p{i}", "label": str(q), "replicate": "1", **offered, "chosen_method": METHODS[o]}
        for i, row in enumerate(taken.tolist())
        for q, o in enumerate(row)
    )


def _metrics(metric: np.ndarray) -> MetricTable:
    lines = ["method,label,replicate,metric,value,better"]
    for q, row in enumerate(metric.tolist()):
        lines += [f"{name},{q},1,metric,{value},higher" for name, value in zip(METHODS, row, strict=True)]
    return MetricTable.from_csv("\n".join(lines).encode(), "metrics")


def _percentiles(taken: np.ndarray, metric: np.ndarray) -> tuple[float, float]:
    """The percentile interval over participants, as anyone would write it first."""
    chosen = (taken[:, :, None] == np.arange(OPTIONS)).reshape(PEOPLE, -1)  # (people, maps)
    again = [stats.spearmanr(metric.ravel(), row).statistic for row in bootstrap_sums(chosen, 400, 1)]
    low, high = np.quantile(again, (0.025, 0.975))
    return float(low), float(high)


def main() -> None:
    rng = np.random.default_rng(1)
    for strength in (0.0, 0.3, 1.0):
        covered = np.mean([study(rng, strength) for _ in range(STUDIES)], axis=0)
        print(f"strength {strength}: ours {covered[0]:.1%}, percentiles {covered[1]:.1%}", flush=True)


if __name__ == "__main__":
    main()
