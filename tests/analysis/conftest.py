"""Vote tables, on disk and in memory, and reference answers from outside."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from analysis.votes.table import Counts, VoteTable

# A slow example is no fault of the code where the processor is shared.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="session")
def normlime_path() -> Path:
    return CASES / "normlime" / "votes.csv"


@pytest.fixture(scope="session")
def normlime_table(normlime_path: Path) -> VoteTable:
    return VoteTable.read(normlime_path)


@pytest.fixture(scope="session")
def normlime_counts(normlime_table: VoteTable) -> Counts:
    return normlime_table.counts()


@pytest.fixture(scope="session")
def expected_by_r() -> dict[str, Any]:
    return json.loads((CASES / "normlime" / "expected_R.json").read_text())


@pytest.fixture(scope="session")
def nist() -> Callable[[str], tuple[dict[str, list[float]], dict[str, Any]]]:
    """The groups of one of NIST's data sets, and what NIST certifies of them."""

    def load(name: str) -> tuple[dict[str, list[float]], dict[str, Any]]:
        groups: dict[str, list[float]] = {}
        with (CASES / "nist" / f"{name}.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                groups.setdefault(row["treatment"], []).append(float(row["response"]))
        return groups, json.loads((CASES / "nist" / "expected.json").read_text())[name]

    return load


@pytest.fixture
def votes_csv(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """A file votes.csv with the given content."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "votes.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def cast() -> Callable[..., VoteTable]:
    """A table in which each participant casts the given votes: cast("AAB", "ABB") is two participants."""

    def build(*ballots: str, **columns: Any) -> VoteTable:
        return VoteTable.from_rows(
            {"participant": f"p{i}", "chosen_method": method, **columns}
            for i, ballot in enumerate(ballots)
            for method in ballot
        )

    return build
