import pytest

from analysis.__main__ import main

POWER = ["power", "--shares", "0.4,0.3,0.2,0.1", "--participants", "20", "--runs", "50"]
RECOVER = ["recover", "--totals", "939,438,151,132", "--f", "338"]


def test_power_prints_the_sentence_and_the_detectable_lead(capfd):
    assert main(POWER) == 0
    text = capfd.readouterr().out
    assert "Leader ahead of each" in text
    assert "Lead at 80% power" in text


def test_power_prints_the_bounds_of_looks(capfd):
    assert main([*POWER, "--looks", "3"]) == 0
    assert "2.004" in capfd.readouterr().out


def test_power_over_stimuli_has_columns_of_its_own(capfd):
    assert main([*POWER, "--labels", "5", "--stimulus-sd", "0.5"]) == 0
    assert "Leader, over stimuli" in capfd.readouterr().out


def test_recover_prints_the_design_that_fits(capfd):
    assert main([*RECOVER, "--p", "5.22e-100"]) == 0
    assert "1.694  0.0365" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            [*POWER, "--shares", "0.4,0.3"],
            "--shares must be two or more numbers from 0 that add up to 1 (got 0.4, 0.3)",
        ),
        (
            [*POWER, "--shares", "a,b"],
            "--shares must be numbers with commas between, such as 0.4,0.6 (got 'a,b')",
        ),
        (
            [*POWER, "--participants", "2.5"],
            "--participants must be whole numbers with commas between, such as 20,40 (got '2.5')",
        ),
        ([*POWER, "--runs", "-1"], "--runs must be a whole number from 0 (got '-1')"),
        ([*POWER, "--icc", "2"], "--icc must be from 0 to 0.99 (got 2)"),
        ([*POWER, "--icc", "x"], "--icc must be a number, such as 0.05 (got 'x')"),
        ([*POWER, "--looks", "99"], "--looks must be from 1 to 50 (got 99)"),
        ([*POWER, "--map-sd", "1"], "--map-sd needs --labels, the number of classes or images"),
        ([*POWER, "--labels", "5", "--map-sd", "9"], "--map-sd must be from 0 to 3 (got 9)"),
        (
            [*POWER, "--labels", "5", "--votes", "9"],
            "--votes must be --labels times --replicates, 5, or be left out (got 9)",
        ),
        (
            [*RECOVER, "--p", "none"],
            '--p must be a number or a bound, such as .03, 5.22e-100, "<.001" or "> .05" (got \'none\')',
        ),
        (
            [*RECOVER, "--p", ".05", "--participants", "7"],
            "--participants must divide the 1,660 votes equally (got 7)",
        ),
    ],
)
def test_a_bad_value_is_refused_with_its_option(capfd, command, message):
    assert main(command) == 2
    assert capfd.readouterr().err == f"{message}\n"
