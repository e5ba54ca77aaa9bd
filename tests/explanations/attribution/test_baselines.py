from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from explanations.attribution import baselines
from explanations.methods.registry import LOCALS, Sample

TRAINING = torch.rand(7, 1, 8, 8, generator=torch.Generator().manual_seed(3))


def compared(image: Tensor, baseline: float | str, background: int = 3, seed: int = 0) -> Tensor:
    """The baselines of an image, with what its sample brings along from the training images."""
    parameters = {"baseline": baseline, "background": background}
    given = baselines.choose_background(parameters, TRAINING, seed)
    return baselines.make_baselines(image, parameters, given)


@pytest.mark.parametrize(("baseline", "value"), [("black", 0), ("white", 1), (0.25, 0.25), ("0.25", 0.25)])
def test_a_solid_baseline_has_one_value(baseline: float | str, value: float, bright_images: Tensor) -> None:
    assert torch.equal(compared(bright_images[:1], baseline), torch.full((1, 1, 8, 8), float(value)))


def test_the_mean_is_that_of_all_training_images(bright_images: Tensor) -> None:
    expected = TRAINING.double().mean(dim=0, keepdim=True).float()
    assert torch.equal(compared(bright_images[:1], "mean"), expected)


def test_blur_is_a_gaussian_of_the_image_itself(bright_images: Tensor) -> None:
    expected = gaussian_filter(bright_images[0, 0].double().numpy(), 8 * 10 / 224, mode="nearest")
    np.testing.assert_allclose(compared(bright_images[:1], "blur")[0, 0], expected, rtol=1e-6)


def test_images_are_training_images_and_the_same_for_every_image(bright_images: Tensor) -> None:
    first, second = (compared(image[None], "images") for image in bright_images[:2])
    assert torch.equal(first, second)
    assert all(any(torch.equal(one, other) for other in TRAINING) for one in first)


def test_another_seed_draws_other_images(bright_images: Tensor) -> None:
    first, second = (compared(bright_images[:1], "images", seed=seed) for seed in (0, 1))
    assert not torch.equal(first, second)


def test_a_training_set_that_is_smaller_than_the_background_is_taken_whole(bright_images: Tensor) -> None:
    assert len(compared(bright_images[:1], "images", background=50)) == len(TRAINING)


def test_how_many_were_taken_is_recorded() -> None:
    asked = {"baseline": "images", "background": 50}
    assert baselines.fit_background("deepshap", asked, 7) == {"baseline": "images", "background": 7}


def test_a_background_that_is_not_used_is_recorded_as_0() -> None:
    asked = {"baseline": "blur", "background": 50}
    assert baselines.fit_background("deepshap", asked, 7) == {"baseline": "blur", "background": 0}


def test_several_baselines_are_joined_by_a_plus(bright_images: Tensor) -> None:
    found = compared(bright_images[:1], "mean+white+images", background=2)
    assert torch.equal(found[0], compared(bright_images[:1], "mean")[0])
    assert torch.equal(found[1], torch.ones(1, 8, 8))
    assert torch.equal(found[2:], compared(bright_images[:1], "images", background=2))


def test_as_many_baselines_are_counted_as_there_are(bright_images: Tensor) -> None:
    parameters = {"baseline": "mean+white+images", "background": 2}
    assert (
        baselines.count_baselines(parameters) == len(compared(bright_images[:1], "mean+white+images", 2)) == 4
    )


def test_a_picture_is_a_baseline(tmp_path: Path, bright_images: Tensor) -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    found = compared(bright_images[:1], str(tmp_path / "grey.png"))
    assert torch.equal(found, torch.from_numpy(pixels.astype(np.float32) / 255)[None, None])


def test_an_array_of_several_images_is_a_baseline(tmp_path: Path, bright_images: Tensor) -> None:
    np.save(tmp_path / "two.npy", TRAINING[:2].numpy())
    assert torch.equal(compared(bright_images[:1], str(tmp_path / "two.npy")), TRAINING[:2])


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (
            np.zeros((1, 4, 8), np.float32),
            r"holds \(1, 4, 8\) values .* the images to explain have \(1, 8, 8\)",
        ),
        (np.full((1, 8, 8), 255.0), "has values outside 0 to 1; scale them to that range"),
    ],
)
def test_a_file_of_other_images_is_refused(array: np.ndarray, expected: str, tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", array)
    with pytest.raises(ValueError, match=expected):
        compared(TRAINING[:1], str(tmp_path / "other.npy"))


def test_an_unknown_baseline_is_refused_with_what_is_allowed() -> None:
    expected = (
        "deeplift.baseline is 'blak', but 'blak' is not a file; allowed: black, white, mean, blur, images, "
        "a number, a picture or .npy file, or several joined by +"
    )
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        baselines.fit_background("deeplift", {"baseline": "blak", "background": 1}, 7)
    assert str(caught.value) == expected


def test_a_sample_without_the_training_images_that_a_baseline_needs_is_refused(
    bright_images: Tensor, rectified_model: nn.Module
) -> None:
    sample = Sample(0, "1", 1, 1, (0,), bright_images[:1])
    local = LOCALS["deepshap"]
    with pytest.raises(ValueError, match=r"baseline=images compares with other images, and there are none$"):
        local.attribute(rectified_model, sample, local.defaults, lambda count: None)


COMPARING = sorted(slug for slug, local in LOCALS.items() if "baseline" in local.defaults)


def test_every_method_that_compares_takes_every_baseline() -> None:
    assert [
        *("deeplift", "deepshap", "gradientshap", "integrated-gradients", "occlusion"),
        *("smooth-integrated-gradients", "xrai"),
    ] == COMPARING


@pytest.mark.parametrize("slug", [slug for slug in COMPARING if slug != "xrai"])
@pytest.mark.parametrize("baseline", ["black", "mean", "blur", "images", 0.5])
def test_every_baseline_changes_what_a_method_gives(
    slug: str, baseline: float | str, bright_images: Tensor, curved_model: nn.Module
) -> None:
    parameters = {**LOCALS[slug].defaults, "baseline": baseline, "background": 3}
    parameters |= {key: 12 for key in ("samples", "steps", "positions") if key in parameters}

    def weights(**changes: object) -> bytes:
        asked = {**parameters, **changes}
        given = baselines.choose_background(asked, TRAINING, 0)
        sample = Sample(0, "1", 1, 1, (0,), bright_images[:1], background=given)
        return LOCALS[slug].attribute(curved_model, sample, asked, lambda count: None).tobytes()

    assert weights() != weights(baseline="white")


def test_integrated_gradients_against_several_images_is_the_mean_of_captums(
    bright_images: Tensor, curved_model: nn.Module
) -> None:
    local = LOCALS["integrated-gradients"]
    sample = Sample(0, "1", 1, 1, (0,), bright_images[:1], background=TRAINING[:3])
    parameters = {**local.defaults, "baseline": "images", "background": 3}
    weights = local.attribute(curved_model, sample, parameters, lambda count: None)
    method = IntegratedGradients(curved_model)
    each = [method.attribute(bright_images[:1], one[None], target=1, n_steps=50) for one in TRAINING[:3]]
    np.testing.assert_allclose(weights[0], torch.cat(each).mean(dim=0).flatten(), atol=1e-6)
