import pytest

from explanations.methods.names import ALIASES, choose_methods, local_among, method_among
from explanations.methods.registry import LOCALS, METHODS


def test_any_local_method_goes_with_any_aggregation() -> None:
    [method] = choose_methods(["vargrad:normlime-global"])
    assert (method.slug, method.title) == ("vargrad-normlime-global", "VarGrad, Global NormLIME")
    assert method.local is METHODS["vargrad"].local


def test_a_combination_that_is_an_entry_has_the_entrys_name() -> None:
    assert choose_methods(["lime:normlime", "normlime"]) == [METHODS["normlime"]]


def test_the_reference_study_is_what_is_chosen_where_nobody_chooses() -> None:
    assert [method.slug for method in choose_methods(None)] == ["normlime", "lime", "smoothgrad", "vargrad"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "shap:mean",
            f"there is no local method 'shap'; allowed: {', '.join(LOCALS)}; or an import path, as in "
            "./file.py:function or package.module:function",
        ),
        (
            "lime:median",
            "there is no aggregation 'median'; "
            "allowed: mean, mean-absolute, sp-lime, sp-lime-pick, normlime, normlime-global",
        ),
        ("lime@?!", "class '?!' has no letter or digit to name a method after"),
    ],
)
def test_a_combination_that_cannot_be_is_refused(name: str, expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        choose_methods([name])
    assert str(caught.value) == expected


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^there is no method 'shap'; allowed: normlime, lime, smoothgrad, "
    ):
        choose_methods(["lime", "shap"])


@pytest.mark.parametrize(("alias", "slug"), ALIASES.items())
def test_an_alias_names_an_entry_and_is_none_itself(alias: str, slug: str) -> None:
    assert choose_methods([alias]) == choose_methods([slug]) == [METHODS[slug]]
    assert alias not in METHODS
    assert alias not in LOCALS


def test_an_alias_may_be_combined_with_an_aggregation_and_a_class() -> None:
    [combined] = choose_methods(["smoothgrad-squared:normlime@9"])
    assert combined.slug == "smoothgrad-normlime-for-9"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("smoothgrad", "smoothgrad"),
        ("smoothgrad-squared", "smoothgrad"),
        ("lime:normlime", "normlime"),
        ("vargrad@9", "vargrad-for-9"),
        ("gradient", "gradient"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_method_of_a_set_may_be_called_by_any_of_its_names(name: str, expected: str) -> None:
    assert method_among(name, ["smoothgrad", "normlime", "vargrad-for-9"]) == expected


@pytest.mark.parametrize("name", ["lime", "normlime", "sp-lime", "lime:mean"])
def test_parameters_belong_to_the_local_function_of_whatever_names_it(name: str) -> None:
    assert local_among(name, ["lime", "vargrad"]) == "lime"


def test_the_parameters_of_a_counter_class_are_its_own() -> None:
    assert local_among("vargrad@9", ["vargrad", "vargrad-for-9"]) == "vargrad-for-9"
