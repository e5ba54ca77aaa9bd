from pathlib import Path

import numpy as np
import pytest

from explanations import stability
from explanations.__main__ import main
from explanations.plan import Plan
from explanations.stability import Need, Rung

SMALL = {
    "lime": {"images": 3, "samples": 80, "features": 10},
    "smoothgrad": {"images": 2, "samples": 8},
    "vargrad": {"images": 2, "samples": 8},
}


@pytest.fixture
def plan(squares: Path, network) -> Plan:
    """Two classes by four methods."""
    return Plan(
        classes=("0", "1"),
        parameters=SMALL,
        factory=network.factory,
        weights=network.weights,
        data=squares,
    )


def ladder(*overlaps: float) -> tuple[Rung, ...]:
    """Rungs of 100, 200, 400, ... samples."""
    return tuple(Rung(100 * 2**i, overlap, 0.5) for i, overlap in enumerate(overlaps))


def test_every_method_is_compared_at_a_ladder_of_samples(plan: Plan) -> None:
    found = stability.report(plan, top=9)
    assert [row.method for row in found.rows] == ["normlime", "lime", "smoothgrad", "vargrad"]
    assert [rung.samples for rung in found.rows[0].rungs] == [10, 20, 40, 80]
    assert [rung.samples for rung in found.rows[3].rungs] == [1, 2, 4, 8]


def test_without_noise_two_seeds_agree(plan: Plan) -> None:
    quiet = {"smoothgrad": {"images": 2, "samples": 8, "sigma": 0.0}}
    plan = Plan(
        methods=("smoothgrad",),
        parameters=quiet,
        factory=plan.factory,
        weights=plan.weights,
        data=plan.data,
    )
    [row] = stability.report(plan, top=9).rows
    assert all((rung.overlap, rung.correlation) == (1, pytest.approx(1)) for rung in row.rungs)
    assert row.need == Need(1, "measured")
    assert row.other_images.correlation < 1


def test_the_shared_top_is_counted() -> None:
    first, second = np.arange(10.0), np.r_[np.zeros(7), 8, 9, -1]
    assert stability.shared(first, second, 3) == pytest.approx(2 / 3)


def test_a_constant_map_has_no_rank_correlation() -> None:
    assert stability.correlation(np.ones(5), np.arange(5.0)) == 0


def test_the_wanted_agreement_lies_on_the_line_between_two_rungs() -> None:
    """Misses of 40 % and 10 % at 100 and 200 samples fall with the square: 20 % at 100 sqrt(2)."""
    assert stability.needed(ladder(0.6, 0.9), 0.8) == Need(150, "interpolated")


def test_the_line_is_drawn_on_beyond_the_ladder() -> None:
    """The miss falls with the root of the samples: half of it takes four times as many."""
    overlaps = [1 - 0.4 / 2 ** (i / 2) for i in range(4)]
    assert stability.needed(ladder(*overlaps), 1 - 0.4 / 2**2.5) == Need(3200, "extrapolated")


def test_an_agreement_of_the_first_rung_is_measured() -> None:
    assert stability.needed(ladder(0.9, 0.95), 0.85) == Need(100, "measured")


@pytest.mark.parametrize("overlaps", [(0.5, 0.5), (0.6, 0.5), (0.5, 0.501), (0.5,)])
def test_an_agreement_that_samples_do_not_bring_about_is_out_of_reach(overlaps: tuple[float, ...]) -> None:
    assert stability.needed(ladder(*overlaps), 0.9) == Need(None, "out of reach")


@pytest.mark.parametrize(
    ("wanted", "top", "expected"),
    [
        (1.2, 9, "an agreement of 120% cannot be asked for; allowed: between 0 and 100"),
        (0.85, 64, "there is no top 64 of 64 pixels; allowed: 1 to 63"),
    ],
)
def test_what_cannot_be_compared_is_refused(plan: Plan, wanted: float, top: int, expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        stability.report(plan, wanted, top)
    assert str(caught.value) == expected


def test_the_command_prints_a_ladder_and_what_is_needed(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["stability", "--methods", "vargrad", "--images", "2", "--samples", "8", "--top", "9"]
    command += ["--data", str(plan.data), "--model", plan.factory, "--weights", str(plan.weights)]
    assert main(command) == 0
    lines = [line.split(":")[0].strip() for line in capsys.readouterr().out.splitlines()]
    expected = ["1 samples", "2 samples", "4 samples", "8 samples", "other images", "for 85%"]
    assert lines[-6:] == expected
