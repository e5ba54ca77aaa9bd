import pytest

from analysis.__main__ import main
from analysis.planning.recover import recover, rounded

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
        "No design fits: none of 22 ways to divide 1,660 votes among participants gives this F this p."
    )


def test_the_repeated_measures_result_of_the_same_study_is_told_from_the_one_way():
    [fit] = recover(TOTALS, "253.66", "5.64e-75").fits
    assert (fit.test, fit.n, fit.df) == ("repeated-measures ANOVA", 83, (3, 246))
    assert fit.ms_within == pytest.approx(0.012613, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("338", (337.5, 338.5)), ("0.0365", (0.03645, 0.03655)), ("5.22e-100", (5.215e-100, 5.225e-100))],
)
def test_a_printed_number_was_rounded(text, ends):
    assert rounded(text, "F") == pytest.approx(ends, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("many", "F is 'many'; allowed is a number, such as 338 or 5.22e-100"),
        ("-3", "F is -3; it must be above 0"),
        ("0", "F is 0; it must be above 0"),
    ],
)
def test_what_is_no_f_is_refused(text, message):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        rounded(text, "F")
    assert str(refusal.value) == message


def test_recovery_comes_from_the_shell(capfd):
    command = ["recover", "--totals", "939,438,151,132", "--f", "338"]
    assert main([*command, "--p", "5.22e-100"]) == 0
    assert "1.694  0.0365" in capfd.readouterr().out
    assert main([*command, "--p", "none"]) == 2
    assert capfd.readouterr().err == "p is 'none'; allowed is a number, such as 338 or 5.22e-100\n"
