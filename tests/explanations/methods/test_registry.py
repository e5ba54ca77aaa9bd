import dataclasses
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from explanations.attribution.local import NEEDS
from explanations.methods import names
from explanations.methods.registry import LOCALS, METHODS, Local, Parameters, Sample


@pytest.fixture
def sample(bright_images: torch.Tensor) -> Sample:
    """Four images of class "1" of three, to be explained as replicate 1 of seed 0."""
    background = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(9))
    return Sample(0, "1", 1, 1, (3, 1, 4, 15), bright_images, ("0", "1", "2"), background)


# Those that enlarge an image to cut it take a second an image.
SLOW = ["lime-quickshift", "xrai"]
QUICK = [slug for slug in LOCALS if slug not in SLOW]


def quick(local: Local, **changes: object) -> Parameters:
    """The parameters of a local function, with few samples."""
    few = {"samples": 20, "steps": 60, "background": 5, "positions": 5, "segments": 12}
    return {**local.defaults, **{key: few[key] for key in few if key in local.defaults}, **changes}


def nothing(count: int) -> None:
    pass


def test_every_method_of_the_field_is_there() -> None:
    titles = {method.title for method in METHODS.values()}
    assert titles >= {
        *("Gradient", "Input × gradient", "SmoothGrad", "SmoothGrad, signed", "VarGrad"),
        *("Integrated Gradients", "Smooth Integrated Gradients", "Guided Backprop", "Grad-CAM"),
        *("Guided Grad-CAM", "DeepLIFT", "DeepSHAP", "GradientSHAP", "KernelSHAP", "LIME"),
        *("LIME on superpixels (Quickshift)", "LIME on superpixels (SLIC)", "SP-LIME's picks"),
        *("NormLIME", "Global NormLIME", "NormLIME on superpixels", "NormLIME on a layer's units"),
        *("RISE", "Occlusion", "XRAI", "LRP", "Deep Taylor", "Random"),
    }


def test_every_entry_has_its_own_name_and_what_it_asks_of_a_model_is_described() -> None:
    assert all(slug == method.slug for slug, method in METHODS.items())
    assert len({method.title for method in METHODS.values()}) == len(METHODS)
    assert {need for method in METHODS.values() for need in method.local.needs} <= set(NEEDS)


def test_lime_and_normlime_come_from_the_same_local_explanations() -> None:
    assert METHODS["lime"].local is METHODS["normlime"].local


@pytest.mark.parametrize("slug", [slug for slug in METHODS if METHODS[slug].local.slug in QUICK])
def test_every_method_gives_a_weight_an_image_and_pixel(
    slug: str, sample: Sample, rectified_model: nn.Module
) -> None:
    local = METHODS[slug].local
    weights = local.attribute(rectified_model, sample, quick(local), nothing)
    assert weights.shape == (4, 64)
    assert METHODS[slug].aggregate(weights).shape == (64,)


@pytest.mark.parametrize("slug", [slug for slug in METHODS if METHODS[slug].local.slug in QUICK])
def test_every_method_reports_the_passes_that_it_promises(
    slug: str, sample: Sample, rectified_model: nn.Module
) -> None:
    local = METHODS[slug].local
    parameters = quick(local, images=4)
    counts: list[int] = []
    local.attribute(rectified_model, sample, parameters, counts.append)
    assert sum(counts) == local.passes(parameters)


@pytest.mark.parametrize("slug", [slug for slug in METHODS if METHODS[slug].local.slug in QUICK])
def test_maps_that_are_not_signed_are_never_negative(
    slug: str, sample: Sample, rectified_model: nn.Module
) -> None:
    method = METHODS[slug]
    weights = method.local.attribute(rectified_model, sample, quick(method.local), nothing)
    assert method.signed or not (method.aggregate(weights) < 0).any()


@pytest.mark.parametrize("slug", QUICK)
def test_company_changes_no_byte_of_an_images_weights(
    slug: str, sample: Sample, rectified_model: nn.Module
) -> None:
    """Nor do the order of images and the number of the replicate, where the replicate has no bank of its
    own."""
    local = LOCALS[slug]
    together = local.attribute(rectified_model, sample, quick(local), nothing)
    alone = dataclasses.replace(sample, numbers=sample.numbers[2:3], images=sample.images[2:3])
    assert local.attribute(rectified_model, alone, quick(local), nothing).tobytes() == together[2].tobytes()


@pytest.mark.parametrize("slug", [slug for slug in QUICK if "samples" in LOCALS[slug].defaults])
def test_another_seed_draws_others(slug: str, sample: Sample, rectified_model: nn.Module) -> None:
    local = LOCALS[slug]
    first = local.attribute(rectified_model, sample, quick(local), nothing)
    other = dataclasses.replace(sample, seed=1)
    assert (local.attribute(rectified_model, other, quick(local), nothing) != first).any()


@pytest.mark.parametrize("slug", QUICK)
def test_the_number_of_threads_changes_no_byte(
    slug: str, sample: Sample, rectified_model: nn.Module, threads: Callable[[int], None]
) -> None:
    local = LOCALS[slug]
    threads(1)
    one = local.attribute(rectified_model, sample, quick(local), nothing)
    threads(2)
    assert local.attribute(rectified_model, sample, quick(local), nothing).tobytes() == one.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLOW)
def test_methods_that_cut_enlarged_images_know_no_company(
    slug: str, sample: Sample, rectified_model: nn.Module
) -> None:
    local, counts = LOCALS[slug], list[int]()
    two = dataclasses.replace(sample, numbers=sample.numbers[:2], images=sample.images[:2])
    one = dataclasses.replace(sample, numbers=sample.numbers[1:2], images=sample.images[1:2])
    together = local.attribute(rectified_model, two, quick(local), counts.append)
    alone = local.attribute(rectified_model, one, quick(local), nothing)
    assert together[1].tobytes() == alone[0].tobytes()
    assert sum(counts) == local.passes(quick(local, images=2))


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of threads of PyTorch, which is as before when the test is over."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_explaining_leaves_the_model_as_it_is(sample: Sample, rectified_model: nn.Module) -> None:
    before = {name: tensor.clone() for name, tensor in rectified_model.state_dict().items()}
    for local in (LOCALS[slug] for slug in QUICK):
        local.attribute(rectified_model, sample, quick(local), nothing)
    assert all(torch.equal(before[name], tensor) for name, tensor in rectified_model.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in rectified_model.modules())


def test_a_background_that_is_smaller_than_asked_for_is_taken_whole(
    sample: Sample, rectified_model: nn.Module
) -> None:
    local = LOCALS["deepshap"]
    more, whole = (
        local.attribute(rectified_model, sample, quick(local, background=count), nothing) for count in (6, 5)
    )
    assert more.tobytes() == whole.tobytes()


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


def test_a_counter_class_is_explained_on_the_images_of_another(
    sample: Sample, linear_model: nn.Sequential
) -> None:
    [method] = names.choose_methods(["vargrad@2"])
    parameters = {**method.local.defaults, "samples": 5, "output": "probability"}
    weights = method.local.attribute(linear_model, sample, parameters, nothing)
    about_two = dataclasses.replace(sample, target=2)
    expected = METHODS["vargrad"].local.attribute(linear_model, about_two, parameters, nothing)
    assert method.slug == method.local.slug == "vargrad-for-2"
    assert weights.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("7", "unknown class '7'; allowed: 0, 1, 2"),
        (
            "1",
            "images of class '1' cannot be contrasted with class '1' itself; "
            "exclude the class with --classes",
        ),
    ],
)
def test_a_counter_class_that_cannot_be_is_refused(
    label: str, expected: str, sample: Sample, linear_model: nn.Module
) -> None:
    [method] = names.choose_methods([f"vargrad@{label}"])
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        method.local.attribute(linear_model, sample, method.local.defaults, nothing)
    assert str(caught.value) == expected


def test_an_unknown_perturbation_is_refused(sample: Sample, curved_model: nn.Module) -> None:
    local = METHODS["lime"].local
    with pytest.raises(ValueError, match=r"^lime.perturbation is 'blur'; allowed: masks, gaussian$"):
        local.attribute(curved_model, sample, {**local.defaults, "perturbation": "blur"}, nothing)


# The methods that look at what the model gives perturbed images.
PERTURBING = [slug for slug, local in LOCALS.items() if not local.backward and slug != "random"]
PERTURBING_QUICK = [slug for slug in PERTURBING if slug not in SLOW]


def test_what_a_perturbation_method_explains_is_a_parameter_of_every_one() -> None:
    """And with the parameters it comes into the manifest."""
    assert set(PERTURBING) == {
        *("lime", "lime-slic", "lime-quickshift", "lime-units", "kernelshap", "rise", "occlusion")
    }
    assert {LOCALS[slug].defaults["output"] for slug in PERTURBING} == {"logit", "probability"}


@pytest.mark.parametrize("slug", PERTURBING_QUICK)
def test_a_saturated_probability_takes_the_weights_of_a_perturbation_method_and_the_logit_keeps_them(
    slug: str, sample: Sample, rectified_model: nn.Sequential
) -> None:
    rectified_model[-1].bias[1] += 60
    local = LOCALS[slug]
    logit, probability = (
        abs(local.attribute(rectified_model, sample, quick(local, output=output), nothing)).max()
        for output in ("logit", "probability")
    )
    assert logit > 1e-3
    assert probability < 1e-6


@pytest.mark.parametrize("slug", PERTURBING_QUICK)
def test_a_target_that_there_is_not_is_refused_by_every_perturbation_method(
    slug: str, sample: Sample, rectified_model: nn.Sequential
) -> None:
    local = LOCALS[slug]
    with pytest.raises(ValueError, match=r"there is no output 'score'; allowed: "):
        local.attribute(rectified_model, sample, quick(local, output="score"), nothing)
