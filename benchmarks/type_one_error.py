"""How often each test rejects where the methods do not differ: 20,000 simulated studies of each kind.

Writes benchmarks/type_one_error.md. Run with `make bench-analysis`; takes some minutes on two cores.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy import stats

from analysis.anova import one_way, welch
from analysis.dirichlet import dirichlet_multinomial
from analysis.exact import ExactGroups
from analysis.omnibus import LIBERAL, NAMES
from analysis.power import draw
from analysis.resampling import permutation_test
from analysis.tukey import hsd
from analysis.within import friedman, hotelling, repeated_measures

VOTES, N, CONCENTRATION, SHUFFLES, BLOCK = 20, 40, 26, 199, 500
COLUMNS = (*NAMES, "tukey", "chi-square")
TITLES = {**NAMES, "tukey": "Tukey HSD, any pair", "chi-square": "Pooled chi-square of the votes"}


def rejections(job: tuple[int, int]) -> np.ndarray:
    """How often each test rejects at 5 % in a block of studies of `k` methods."""
    k, seed = job
    rng = np.random.default_rng((k, seed))
    tables = draw(np.full(k, 1 / k), N, VOTES, 1 / (1 + CONCENTRATION), BLOCK, rng)
    found = np.zeros(len(COLUMNS))
    for i, table in enumerate(tables):
        groups = ExactGroups({str(j): column for j, column in enumerate(table.T.tolist())}, VOTES)
        tests = {
            "one-way": one_way(groups),
            "welch": welch(groups),
            "repeated-measures": repeated_measures(groups),
            "hotelling": hotelling(groups),
            "friedman": friedman(groups),
            "permutation": permutation_test(table / VOTES, seed * BLOCK + i, SHUFFLES),
            "dirichlet-multinomial": dirichlet_multinomial(table),
        }
        p = [tests[name].p for name in NAMES]
        p += [min(pair.p for pair in hsd(groups).pairs), stats.chisquare(table.sum(axis=0)).pvalue]
        found += [x is not None and x <= 0.05 for x in p]
    return found


def main(runs: int = 20_000) -> None:
    kinds = (4, 2)
    jobs = [(k, seed) for k in kinds for seed in range(runs // BLOCK)]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(rejections, jobs))
    rates = {k: sum(f for (job_k, _), f in zip(jobs, found, strict=True) if job_k == k) / runs for k in kinds}
    lines = [
        "# How often each test rejects a true null hypothesis at 5 %",
        "",
        f"{runs:,} simulated studies of each column; {N} participants with {VOTES} votes, who differ "
        f"(Dirichlet-multinomial with concentration {CONCENTRATION}); {SHUFFLES} shuffles in the permutation "
        f"test. Standard error about {np.sqrt(0.05 * 0.95 / runs) * 100:.2f} %. "
        "Made by `make bench-analysis`.",
        "",
        "| Test | said to hold 5 % | 4 methods | 2 methods |",
        "| --- | --- | ---: | ---: |",
    ]
    for i, name in enumerate(COLUMNS):
        holds = "no" if name in (*LIBERAL, "tukey", "chi-square") else "yes"
        cells = [f"{rates[k][i] * 100:.1f} %" if (k, name) != (2, "friedman") else "undefined" for k in kinds]
        lines.append(f"| {TITLES[name]} | {holds} | {cells[0]} | {cells[1]} |")
    text = "\n".join(lines) + "\n"
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
