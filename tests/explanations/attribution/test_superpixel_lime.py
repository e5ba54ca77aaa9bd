import numpy as np
import pytest
import skimage.data
import torch
from skimage import transform
from sklearn.linear_model import LinearRegression
from torch import Tensor, nn

from explanations.attribution.gradient import layers
from explanations.attribution.perturbation import lime, superpixel_lime, superpixels, units
from explanations.running.randomness import generator

LIME = {"samples": 300, "features": 16, "kernel_width": 0.25, "output": "logit", "address": (3,)}
SQUARES = {"segmentation": "squares", "segments": 16, "hiding": "black"}


@pytest.mark.parametrize("kind", superpixels.SEGMENTATIONS)
def test_every_pixel_belongs_to_a_piece_and_every_piece_has_a_number(
    kind: str, bright_images: Tensor
) -> None:
    pieces = superpixels.cut(bright_images[:1], kind, 16)
    assert pieces.shape == (8, 8)
    assert pieces.unique().tolist() == list(range(int(pieces.max()) + 1))


def test_squares_are_squares(bright_images: Tensor) -> None:
    pieces = superpixels.cut(bright_images[:1], "squares", 16)
    assert torch.equal(pieces[:2, :4], torch.tensor([[0, 0, 1, 1]] * 2))


def test_slic_keeps_apart_what_differs() -> None:
    image = torch.zeros(1, 3, 16, 16)
    image[:, 0, :, 8:] = 1
    pieces = superpixels.cut(image, "slic", 4)
    assert not set(pieces[:, :8].flatten().tolist()) & set(pieces[:, 8:].flatten().tolist())


@pytest.mark.parametrize("segmentation", ["slic", "squares"])
def test_fewer_than_two_segments_are_refused(segmentation: str) -> None:
    with pytest.raises(ValueError, match=rf"^{segmentation} needs at least 2 segments \(got 1\)$"):
        superpixels.cut(torch.zeros(1, 1, 8, 8), segmentation, 1)


def test_an_image_in_one_piece_is_refused() -> None:
    expected = r"^pixels leaves the image of 1 x 1 pixels in one piece; choose another segmentation$"
    with pytest.raises(ValueError, match=expected):
        superpixels.cut(torch.zeros(1, 1, 1, 1), "pixels")


def photograph(name: str) -> Tensor:
    """A photograph of scikit-image at 224 x 224 pixels, (1, 3, 224, 224)."""
    pixels = transform.resize(getattr(skimage.data, name)(), (224, 224), anti_aliasing=True)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 16, 50])
@pytest.mark.parametrize("name", ["chelsea", "astronaut"])
def test_slic_cuts_a_photograph_into_about_as_many_pieces_as_asked(name: str, count: int) -> None:
    """With the compactness of 1 that was fixed, chelsea had 1, 3 and 12 pieces."""
    pieces = superpixels.cut(photograph(name), "slic", count)
    assert abs(int(pieces.max()) + 1 - count) <= count / 3


def test_slic_cuts_noise_too() -> None:
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert abs(int(superpixels.cut(noise, "slic", 16).max()) + 1 - 16) <= 5


def test_the_compactness_of_slic_can_be_set(bright_images: Tensor) -> None:
    image = torch.nn.functional.interpolate(bright_images[:1], (64, 64))
    loose, compact = (superpixels.cut(image, "slic", 16, compactness=value) for value in (0.1, 1000))
    assert not torch.equal(loose, compact)


@pytest.mark.parametrize("change", [{"kernel_size": 1.0}, {"max_dist": 10.0}, {"ratio": 1.0}])
def test_the_parameters_of_quickshift_can_be_set(change: dict[str, float]) -> None:
    noise = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    usual, other = superpixels.cut(noise, "quickshift"), superpixels.cut(noise, "quickshift", **change)
    assert not torch.equal(usual, other)


def test_quickshift_never_leaves_an_image_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Density rises from one corner to the other, so all pixels belong to one mode."""
    monkeypatch.setattr(superpixels, "PHOTOGRAPH", 16)
    image = torch.linspace(0, 1, 256).reshape(1, 1, 16, 16)
    assert int(superpixels.cut(image, "quickshift").max()) + 1 == 49


def test_more_pieces_than_fit_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(superpixels, "MOST_PIXELS", 63)
    with pytest.raises(
        ValueError, match=r"^squares cuts the image into 64 pieces \(at most 63 are allowed\); ask"
    ):
        superpixels.cut(torch.rand(1, 1, 8, 8), "squares", 64)


def test_a_piece_is_hidden_behind_its_mean(bright_images: Tensor) -> None:
    pieces = superpixels.cut(bright_images[:1], "squares", 16)
    replacement = superpixels.hide(bright_images[:1], pieces, "mean")
    torch.testing.assert_close(replacement[0, 0, :2, :2], bright_images[0, 0, :2, :2].mean().expand(2, 2))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda image: superpixels.cut(image, "watershed", 9),
            "segmentation 'watershed'; allowed: quickshift",
        ),
        (lambda image: superpixels.hide(image, image, "blur"), "hiding 'blur'; allowed: mean, black, grey"),
    ],
)
def test_an_unknown_choice_is_refused(call, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^there is no {expected}"):
        call(torch.rand(1, 1, 8, 8))


def test_lime_on_pieces_of_a_linear_model_is_weight_times_pixel_summed(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = superpixel_lime.lime_superpixels(linear_model, bright_images[:1], 1, **LIME, **SQUARES)
    pieces = superpixels.cut(bright_images[:1], "squares", 16).flatten()
    parts = linear_model[1].weight[1] * bright_images[0].flatten()
    expected = torch.zeros(16).index_add(0, pieces, parts)[pieces]
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_lime_on_pieces_chooses_no_more_than_asked_for_and_none_that_hiding_cannot_change(
    seed: int, curved_model: nn.Module, bright_images: Tensor
) -> None:
    """Of so few samples that chance speaks for every piece."""
    bright_images[:, :, :4] = 0.5  # each piece is its own mean
    changes = {"samples": 9, "features": 3, "hiding": "mean", "address": (seed,)}
    weights = superpixel_lime.lime_superpixels(
        curved_model, bright_images[:1], 1, **{**LIME, **SQUARES, **changes}
    )
    assert not weights[:32].any()
    assert len(np.unique(weights[weights != 0])) == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_lime_on_pieces_gives_what_the_lime_package_gives(
    curved_model: nn.Module, bright_images: Tensor
) -> None:
    """The same masks, LASSO path and kernel; its last fit is a ridge, here without a penalty."""
    from lime.lime_base import LimeBase

    image, bank = bright_images[:1], lime.mask_bank(16, 300, generator(3))
    pieces = superpixels.cut(image, "squares", 16)
    shown = bank.samples[:, pieces.flatten()].reshape(-1, 1, 8, 8)
    scores = curved_model(image * shown)[:, [1]].double().numpy()
    masks = bank.samples.double().numpy()
    distances = 1 - np.sqrt(masks.mean(axis=1))
    kernel = lambda d: np.sqrt(np.exp(-((d / 0.25) ** 2)))  # noqa: E731
    _, found, *_ = LimeBase(kernel).explain_instance_with_data(
        masks, scores, distances, 0, 8, model_regressor=LinearRegression(), feature_selection="lasso_path"
    )
    weights = superpixel_lime.lime_superpixels(curved_model, image, 1, **{**LIME, **SQUARES, "features": 8})
    theirs = np.zeros(16)
    for feature, weight in found:
        theirs[feature] = weight
    np.testing.assert_allclose(weights, theirs[pieces.flatten().numpy()], atol=1e-6)


def test_lime_on_units_of_a_layer_finds_their_outgoing_weights(bright_images: Tensor) -> None:
    """Switching a unit off takes its activation times its outgoing weight from the logit."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 3)).requires_grad_(False)
    settings = {**LIME, "features": 6, "layer": "2"}
    weights = units.unit_weights(model, bright_images[:1], 1, **settings)
    expected = model[:3](bright_images[:1])[0] * model[3].weight[1]
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-5)


def test_the_map_of_units_adds_up_to_their_weights(rectified_model: nn.Module, bright_images: Tensor) -> None:
    settings = {**LIME, "features": 4, "layer": "1"}
    weights = units.unit_weights(rectified_model, bright_images[:1], 1, **settings)
    heat = units.lime_units(rectified_model, bright_images[:1], 1, **settings)
    assert layers.find_layer(rectified_model, bright_images) == "1"
    assert heat.mean() / weights.sum() == pytest.approx(1, abs=0.3)  # scaling up moves borders


def test_units_without_a_place_have_no_map(bright_images: Tensor) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 3)).requires_grad_(False)
    with pytest.raises(ValueError, match=r"^the units of the layer '2' have no position in an image; name"):
        units.lime_units(model, bright_images[:1], 1, **{**LIME, "layer": "2"})
