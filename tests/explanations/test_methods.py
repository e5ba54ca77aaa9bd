import dataclasses

import pytest
import torch
from torch import nn

from explanations import methods
from explanations.methods import METHODS, Sample


@pytest.fixture
def sample(bright_images: torch.Tensor) -> Sample:
    """Four images of class "1", to be explained as replicate 1 of seed 0."""
    return Sample(0, "1", 1, 1, (3, 1, 4, 15), bright_images)


def nothing(count: int) -> None:
    pass


def test_the_four_methods_of_the_paper_are_there() -> None:
    assert [method.title for method in METHODS.values()] == ["NormLIME", "LIME", "SmoothGrad", "VarGrad"]
    assert all(slug == method.slug for slug, method in METHODS.items())


def test_lime_and_normlime_come_from_the_same_local_explanations() -> None:
    assert METHODS["lime"].local is METHODS["normlime"].local


@pytest.mark.parametrize("slug", METHODS)
def test_every_method_gives_a_weight_an_image_and_pixel(
    slug: str, sample: Sample, curved_model: nn.Module
) -> None:
    local = METHODS[slug].local
    weights = local.attribute(curved_model, sample, {**local.defaults, "samples": 20}, nothing)
    assert weights.shape == (4, 64)
    assert METHODS[slug].aggregate(weights).shape == (64,)


@pytest.mark.parametrize("slug", METHODS)
def test_every_method_reports_the_passes_that_it_promises(
    slug: str, sample: Sample, curved_model: nn.Module
) -> None:
    local = METHODS[slug].local
    parameters = {**local.defaults, "samples": 20, "images": 4}
    counts: list[int] = []
    local.attribute(curved_model, sample, parameters, counts.append)
    assert sum(counts) == local.passes(parameters)


@pytest.mark.parametrize("slug", METHODS)
def test_maps_that_are_not_signed_are_never_negative(
    slug: str, sample: Sample, curved_model: nn.Module
) -> None:
    method = METHODS[slug]
    weights = method.local.attribute(curved_model, sample, {**method.local.defaults, "samples": 50}, nothing)
    assert method.signed == bool((method.aggregate(weights) < 0).any())


def test_replicates_have_different_masks(sample: Sample, curved_model: nn.Module) -> None:
    local = METHODS["lime"].local
    other = Sample(0, "1", 1, 2, sample.numbers, sample.images)
    first, second = (
        local.attribute(curved_model, replicate, {**local.defaults, "samples": 40}, nothing)
        for replicate in (sample, other)
    )
    assert (first != second).any()


def test_the_noise_of_an_image_does_not_depend_on_its_replicate(
    sample: Sample, curved_model: nn.Module
) -> None:
    local = METHODS["vargrad"].local
    other = Sample(0, "1", 1, 2, sample.numbers[:1], sample.images[:1])
    first = local.attribute(curved_model, sample, {**local.defaults, "samples": 5}, nothing)
    second = local.attribute(curved_model, other, {**local.defaults, "samples": 5}, nothing)
    assert first[0].tobytes() == second[0].tobytes()


def test_any_local_method_goes_with_any_aggregation() -> None:
    [method] = methods.chosen(["vargrad:normlime-global"])
    assert (method.slug, method.title) == ("vargrad-normlime-global", "VarGrad, Global NormLIME")
    assert method.local is METHODS["vargrad"].local


def test_a_combination_that_is_an_entry_has_the_entrys_name() -> None:
    assert methods.chosen(["lime:normlime", "normlime"]) == [METHODS["normlime"]]


def test_the_reference_study_is_what_is_chosen_where_nobody_chooses() -> None:
    assert [method.slug for method in methods.chosen(None)] == ["normlime", "lime", "smoothgrad", "vargrad"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shap:mean", "there is no local method 'shap'; allowed: lime, smoothgrad, vargrad"),
        (
            "lime:median",
            "there is no aggregation 'median'; "
            "allowed: mean, mean-absolute, sp-lime, normlime, normlime-global",
        ),
        ("lime@?!", "class '?!' has no letter or digit to name a method after"),
    ],
)
def test_a_combination_that_cannot_be_is_refused(name: str, expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        methods.chosen([name])
    assert str(caught.value) == expected


@pytest.fixture
def sample_of_three(sample: Sample) -> Sample:
    """The four images, of a data set with the classes 0, 1 and 2."""
    return dataclasses.replace(sample, classes=("0", "1", "2"))


def test_a_counter_class_is_explained_on_the_images_of_another(
    sample_of_three: Sample, linear_model: nn.Sequential
) -> None:
    [method] = methods.chosen(["vargrad@2"])
    parameters = {**method.local.defaults, "samples": 5, "target": "probability"}
    weights = method.local.attribute(linear_model, sample_of_three, parameters, nothing)
    about_two = dataclasses.replace(sample_of_three, index=2)
    expected = METHODS["vargrad"].local.attribute(linear_model, about_two, parameters, nothing)
    assert method.slug == method.local.slug == "vargrad-for-2"
    assert weights.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("7", "there is no class '7' to ask about; allowed: 0, 1, 2"),
        (
            "1",
            "images of class '1' cannot be asked why they are not of class '1'; "
            "leave the class out with --classes",
        ),
    ],
)
def test_a_counter_class_that_cannot_be_is_refused(
    label: str, expected: str, sample_of_three: Sample, linear_model: nn.Module
) -> None:
    [method] = methods.chosen([f"vargrad@{label}"])
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        method.local.attribute(linear_model, sample_of_three, method.local.defaults, nothing)
    assert str(caught.value) == expected


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^there is no method 'shap'; allowed: normlime, lime, smoothgrad, vargrad$"
    ):
        methods.chosen(["lime", "shap"])


def test_an_unknown_perturbation_is_refused(sample: Sample, curved_model: nn.Module) -> None:
    local = METHODS["lime"].local
    with pytest.raises(ValueError, match=r"^lime.perturbation is 'blur'; allowed: masks, gaussian$"):
        local.attribute(curved_model, sample, {**local.defaults, "perturbation": "blur"}, nothing)
