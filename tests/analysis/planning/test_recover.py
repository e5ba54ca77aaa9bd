import pytest

from analysis.planning.recover import read_printed, recover

TOTALS = (939, 438, 151, 132)


def test_the_paper_s_result_comes_from_83_participants_and_no_other():
    [fit] = recover(TOTALS, "338", "5.22e-100").fits
    assert (fit.test, fit.n, fit.votes, fit.df) == ("one-way ANOVA", 83, 20, (3, 328))
    assert round(fit.ms_within, 6) == 0.012613
    assert round(fit.overdispersion, 3) == 1.694
    assert round(fit.icc, 4) == 0.0365
    assert pytest.approx(338.216, abs=0.003) == fit.F  # p has three digits


def test_a_misprinted_p_fits_nothing():
    result = recover(TOTALS, "338", "5.22e-90")
    assert result.fits == ()
    assert str(result) == (
        "No design fits: none of 22 designs that divide 1,660 votes equally gives this F this p."
    )


def test_the_repeated_measures_result_of_the_same_study_is_told_from_the_one_way():
    [fit] = recover(TOTALS, "253.66", "5.64e-75").fits
    assert (fit.test, fit.n, fit.df) == ("repeated-measures ANOVA", 83, (3, 246))
    assert fit.ms_within == pytest.approx(0.012613, abs=1e-6)


def test_a_bound_of_p_fits_the_design_too():
    fits = recover(TOTALS, "338", "<.001").fits
    assert ("one-way ANOVA", 83) in [(fit.test, fit.n) for fit in fits]


def test_the_p_of_a_fit_lies_within_the_printed_bound():
    # P(F(1, 38) > 2.1) is 0.1555: 20 people, two methods, one-way.
    [fit] = [fit for fit in recover((220, 180), "2.1", "> .15", 20).fits if fit.test == "one-way ANOVA"]
    assert fit.p == pytest.approx(0.1555, abs=1e-4)


def test_a_bound_that_the_f_contradicts_fits_nothing():
    assert recover(TOTALS, "338", "> .05").fits == ()


def test_a_bound_of_f_fits_too():
    fits = recover((100, 100), "<1", "> .05", 10).fits
    assert [fit.test for fit in fits] == ["one-way ANOVA", "repeated-measures ANOVA"]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("338", (337.5, 338.5)),
        ("F(3, 328) = 338", (337.5, 338.5)),
        ("0.0365", (0.03645, 0.03655)),
        (".0365", (0.03645, 0.03655)),
        ("5.22e-100", (5.215e-100, 5.225e-100)),
    ],
)
def test_a_printed_number_may_have_been_rounded(text, ends):
    printed = read_printed(text, "f")
    assert (printed.low, printed.high) == pytest.approx(ends, rel=1e-9)


@pytest.mark.parametrize(
    "text", ["<.001", "< .001", "p < .001", "<0.001", "p<0.001", ".001>", "≤ .001", "<= .001"]
)
def test_a_p_below_a_bound_is_read(text):
    printed = read_printed(text, "p")
    assert (printed.bound, printed.high) == ("<", 0.001)


@pytest.mark.parametrize("text", ["> .05", "p > .05", ">0.05", ".05<"])
def test_a_p_above_a_bound_is_read(text):
    printed = read_printed(text, "p")
    assert (printed.bound, printed.low, printed.high) == (">", 0.05, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("many", "f must be a number or a bound, such as 338, 12.53 or \"<1\" (got 'many')"),
        ("-3", "f must be a number or a bound, such as 338, 12.53 or \"<1\" (got '-3')"),
        ("0", "f must be above 0 (got 0)"),
    ],
)
def test_an_impossible_f_is_refused(text, message):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        read_printed(text, "f")
    assert str(refusal.value) == message
