from typing import Any

import pytest

from explanations.running.parameters import TextOrNumber, apply_changes, parse_settings, refuse_unknown

DEFAULTS = {"lime": {"samples": 1500, "sigma": 0.3, "skip_black": True, "output": "logit"}}


def test_settings_become_values_of_their_defaults_types() -> None:
    texts = ["lime.samples=7", "lime.sigma=1", "lime.skip_black=false", "lime.output=probability"]
    values = {"samples": 7, "sigma": 1.0, "skip_black": False, "output": "probability"}
    assert parse_settings(texts, DEFAULTS) == {"lime": values}


def test_a_setting_takes_every_name_that_is_understood() -> None:
    assert parse_settings(["LIME@9.samples=7"], DEFAULTS, lambda name: "lime") == {"lime": {"samples": 7}}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("lime.samples=7.5", "'7.5' is not a whole number"),
        ("lime.sigma=wide", "'wide' is not a number"),
        ("lime.skip_black=yes", "'yes' is not true or false"),
        (
            "samples=7",
            "write name=value; names: lime.samples, lime.sigma, lime.skip_black, lime.output",
        ),
        (
            "lime.samples",
            "write name=value; names: lime.samples, lime.sigma, lime.skip_black, lime.output",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused(setting: str, expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse_settings([setting], DEFAULTS)
    assert str(caught.value) == f"--set {setting}: {expected}"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"noise": 1}, "lime has no parameter 'noise'; allowed: samples, sigma, skip_black, output"),
        ({"samples": True}, "lime.samples is True; expected a whole number"),
        ({"samples": 0}, "lime.samples is 0; allowed: from 1"),
        ({"sigma": -0.1}, "lime.sigma is -0.1; allowed: from 0, finite"),
        ({"sigma": float("nan")}, "lime.sigma is nan; allowed: from 0, finite"),
        ({"sigma": float("inf")}, "lime.sigma is inf; allowed: from 0, finite"),
    ],
)
def test_a_change_that_cannot_be_is_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        apply_changes("lime", DEFAULTS["lime"], changes)
    assert str(caught.value) == expected


def test_a_number_that_may_be_absent_can_be_set_back_to_0() -> None:
    assert apply_changes("kar", {"together": 0}, {"together": 0}) == {"together": 0}


def test_what_is_changed_must_be_there() -> None:
    with pytest.raises(ValueError, match=r"^there are no parameters of 'rise' here; allowed: lime$"):
        refuse_unknown({"rise": {}}, DEFAULTS)


@pytest.mark.parametrize(("text", "value"), [("blur", "blur"), ("0.5", 0.5)])
def test_a_parameter_that_may_be_text_or_a_number_takes_either(text: str, value: object) -> None:
    defaults = {"deeplift": {"baseline": TextOrNumber("black")}}
    changes = parse_settings([f"deeplift.baseline={text}"], defaults)
    assert apply_changes("deeplift", defaults["deeplift"], changes["deeplift"]) == {"baseline": value}
