from analysis.planning.power import Power
from analysis.reporting.charts.power_curve import power_curve

POWERS = [Power(10, 0.5, 0.1, 500), Power(40, 0.95, 0.8, 500)]


def test_the_description_gives_the_powers_in_words():
    svg = power_curve(POWERS, 0.9, "Power by participants").svg
    assert '<title id="power-title">Power by participants</title>' in svg
    assert "10 participants 10.0" in svg


def test_the_same_powers_give_the_same_bytes():
    assert power_curve(POWERS, 0.9, "Power").svg == power_curve(POWERS, 0.9, "Power").svg


def test_the_two_chances_differ_by_more_than_colour():
    svg = power_curve(POWERS, 0.9, "Power").svg
    assert "stroke-dasharray" in svg
    assert "any difference" in svg
