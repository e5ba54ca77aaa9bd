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


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^there is no method 'shap'; allowed: normlime, lime, smoothgrad, vargrad$"
    ):
        methods.chosen(["lime", "shap"])


def test_an_unknown_perturbation_is_refused(sample: Sample, curved_model: nn.Module) -> None:
    local = METHODS["lime"].local
    with pytest.raises(ValueError, match=r"^lime.perturbation is 'blur'; allowed: masks, gaussian$"):
        local.attribute(curved_model, sample, {**local.defaults, "perturbation": "blur"}, nothing)
