import dataclasses
from pathlib import Path

import numpy as np
import pytest

from explanations.__main__ import main
from explanations.building import stability
from explanations.building.plan import Plan
from explanations.building.stability import Need, Rung

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
        model=network.spec,
        data=squares,
    )


def ladder(*overlaps: float) -> tuple[Rung, ...]:
    """Rungs of 100, 200, 400, ... samples."""
    return tuple(Rung(100 * 2**i, overlap, 0.5) for i, overlap in enumerate(overlaps))


def test_every_method_is_compared_at_a_ladder_of_samples(plan: Plan) -> None:
    found = stability.report(plan, top=9)
    assert [row.method for row in found.rows] == ["normlime", "lime", "smoothgrad", "vargrad"]
    lime, vargrad = found.rows[0], found.rows[3]
    for kind in ("same_images", "other_images"):
        assert [rung.amount for rung in getattr(lime, kind).rungs] == [10, 20, 40, 80]
        assert [rung.amount for rung in getattr(vargrad, kind).rungs] == [1, 2, 4, 8]
    assert [rung.amount for rung in lime.more_images.rungs] == [1, 2, 3]


def test_without_noise_two_seeds_agree(plan: Plan) -> None:
    quiet = {"smoothgrad": {"images": 2, "samples": 8, "sigma": 0.0}}
    plan = Plan(
        methods=("smoothgrad",),
        parameters=quiet,
        model=plan.model,
        data=plan.data,
    )
    [row] = stability.report(plan, top=9).rows
    assert all((rung.overlap, rung.correlation) == (1, pytest.approx(1)) for rung in row.same_images.rungs)
    assert row.same_images.need == Need(1, "measured")
    assert all(rung.correlation < 1 for rung in row.other_images.rungs)


def test_the_ladder_of_images_ends_where_that_of_samples_does(plan: Plan) -> None:
    for row in stability.report(plan, top=9).rows:
        last, of_samples = row.more_images.rungs[-1], row.other_images.rungs[-1]
        assert (last.overlap, last.correlation) == (of_samples.overlap, of_samples.correlation)
        assert last.amount == row.images


def test_the_ladder_of_images_compares_maps_of_the_first_images(plan: Plan) -> None:
    """By VarGrad, whose maps of one image are the whole report on a plan of one image."""
    two = dataclasses.replace(plan, methods=("vargrad",), parameters={"vargrad": {"images": 2, "samples": 8}})
    one = dataclasses.replace(two, parameters={"vargrad": {"images": 1, "samples": 8}})
    [first, _] = stability.report(two, top=9).rows[0].more_images.rungs
    assert first == stability.report(one, top=9).rows[0].more_images.rungs[-1]


def test_the_shared_top_is_counted() -> None:
    first, second = np.arange(10.0), np.r_[np.zeros(7), 8, 9, -1]
    assert stability.top_overlap(first, second, 3) == pytest.approx(2 / 3)


def test_maps_that_are_tied_agree_as_often_as_chance_has_it() -> None:
    """A place of one map for sure, and a third of each of the other three; of both: 1/1 and 3 * 1/9."""
    tied = np.array([5.0, 0, 0, 0])
    assert stability.top_overlap(tied, tied, 2) == pytest.approx((1 + 1 / 3) / 2)
    assert stability.top_overlap(np.zeros(10), np.zeros(10), 3) == pytest.approx(0.3)


def test_a_constant_map_has_no_rank_correlation() -> None:
    assert stability.correlation(np.ones(5), np.arange(5.0)) == 0


def test_the_wanted_agreement_lies_on_the_line_between_two_rungs() -> None:
    """Misses of 40 % and 10 % at 100 and 200 samples fall with the square: 20 % at 100 sqrt(2)."""
    assert stability.estimate_need(ladder(0.6, 0.9), 0.8) == Need(150, "interpolated")


def test_the_line_is_drawn_on_beyond_the_ladder() -> None:
    """The miss falls with the root of the samples: half of it takes four times as many."""
    overlaps = [1 - 0.4 / 2 ** (i / 2) for i in range(4)]
    assert stability.estimate_need(ladder(*overlaps), 1 - 0.4 / 2**2.5) == Need(3200, "extrapolated")


def test_what_the_last_rung_was_measured_not_to_have_takes_more_samples() -> None:
    """The line through a rung that is too good by chance passes 85 % before 400 samples."""
    assert stability.estimate_need(ladder(0.5, 0.84, 0.84), 0.85) == Need(410, "extrapolated")


def test_an_agreement_of_the_first_rung_is_measured() -> None:
    assert stability.estimate_need(ladder(0.9, 0.95), 0.85) == Need(100, "measured")


@pytest.mark.parametrize("overlaps", [(0.5, 0.5), (0.6, 0.5), (0.5, 0.501), (0.5,)])
def test_an_agreement_that_samples_do_not_bring_about_is_out_of_reach(overlaps: tuple[float, ...]) -> None:
    assert stability.estimate_need(ladder(*overlaps), 0.9) == Need(None, "out of reach")


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
    command += ["--data", str(plan.data), "--model", plan.model.factory, "--weights", str(plan.model.weights)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    lines = [line.split(":")[0].strip() for line in printed.splitlines()]
    expected = [
        "1 sample",
        "2 samples",
        "4 samples",
        "8 samples",
        "for 85%",
        "1 image",
        "2 images",
        "for 85%",
    ]
    assert lines[-8:] == expected
    assert "same images" in printed.splitlines()[-9]
    assert "other images" in printed.splitlines()[-9]
    assert all(line.count("%") == 2 for line in printed.splitlines()[-8:-4])


def test_a_method_without_samples_has_one_rung_and_no_need_of_samples(plan: Plan) -> None:
    plain = dataclasses.replace(plan, methods=("gradient",), parameters={"gradient": {"images": 2}})
    text = str(stability.report(plain, top=9))
    assert "no samples: 100.0%" in text
    assert text.count("for 85%:") == 1
