import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, lars_path
from torch import Tensor, nn

from explanations.attribution.perturbation import lime
from explanations.models import execution
from explanations.running.randomness import generator

PIXELS = 64


@pytest.fixture
def masks() -> lime.Bank:
    """400 masks of 64 pixels."""
    return lime.mask_bank(PIXELS, 400, generator(0, "masks"))


@pytest.fixture
def noise() -> lime.Bank:
    """400 samples of Gaussian noise on 64 pixels."""
    return lime.gaussian_bank(PIXELS, 400, generator(0, "noise"))


def test_the_weights_of_a_linear_model_are_recovered_from_masks(
    linear_model: nn.Sequential, bright_images: Tensor, masks: lime.Bank
) -> None:
    """Turning pixel i off takes w_i x_i away from the logit: LIME's weight of pixel i is w_i x_i."""
    weights = lime.explain(linear_model, bright_images, 1, masks, features=PIXELS, output="logit")
    expected = linear_model[1].weight[1] * bright_images.flatten(1)
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-5)


def test_the_weights_of_a_linear_model_are_recovered_from_gaussian_noise(
    linear_model: nn.Sequential, bright_images: Tensor, noise: lime.Bank
) -> None:
    """Adding noise e to pixel i adds w_i e to the logit: LIME's weight of pixel i is w_i."""
    weights = lime.explain(linear_model, bright_images, 1, noise, features=PIXELS, output="logit")
    expected = linear_model[1].weight[1].expand(4, PIXELS)
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-5)


def test_planted_pixels_are_chosen(bright_images: Tensor, masks: lime.Bank) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 3)).requires_grad_(False)
    model[1].weight.zero_()
    model[1].weight[0, [5, 17, 40]] = torch.tensor([1.0, -1.0, 1.0])
    weights = lime.explain(model, bright_images, 0, masks, features=3, output="logit")
    for row in weights:
        assert np.flatnonzero(row).tolist() == [5, 17, 40]
        assert np.sign(row[[5, 17, 40]]).tolist() == [1, -1, 1]


def test_no_more_pixels_are_chosen_than_asked_for(
    curved_model: nn.Module, bright_images: Tensor, masks: lime.Bank
) -> None:
    weights = lime.explain(curved_model, bright_images, 1, masks, features=7)
    assert ((weights != 0).sum(axis=1) <= 7).all()
    assert ((weights != 0).sum(axis=1) >= 6).all()


def test_the_chosen_pixels_are_those_of_a_lasso_path_on_the_samples(
    curved_model: nn.Module, bright_images: Tensor, masks: lime.Bank
) -> None:
    """Ribeiro et al. run it on centred samples times the roots of their weights; the Gram is of those."""
    scores = lime.responses(curved_model, bright_images, 1, masks)[0]
    root = np.sqrt(masks.proximity)
    centred = masks.samples.numpy() - np.average(masks.samples.numpy(), axis=0, weights=masks.proximity)
    centred_scores = scores - np.average(scores, weights=masks.proximity)
    scale = 1 / np.abs(centred_scores).max()
    _, _, path = lars_path(centred * root[:, None], centred_scores * root * scale, method="lasso")
    last = np.flatnonzero((path != 0).sum(axis=0) <= 10)[-1]
    weights = lime.explain(curved_model, bright_images[:1], 1, masks, features=10)[0]
    assert np.flatnonzero(weights).tolist() == np.flatnonzero(path[:, last]).tolist()


def test_the_weights_are_those_of_weighted_least_squares(
    curved_model: nn.Module, bright_images: Tensor, masks: lime.Bank
) -> None:
    weights = lime.explain(curved_model, bright_images[:1], 1, masks, features=10)[0]
    chosen = np.flatnonzero(weights)
    scores = lime.responses(curved_model, bright_images[:1], 1, masks)[0]
    reference = LinearRegression().fit(masks.samples.double().numpy()[:, chosen], scores, masks.proximity)
    np.testing.assert_allclose(weights[chosen], reference.coef_, rtol=1e-6, atol=1e-12)


@pytest.fixture
def few_masks() -> lime.Bank:
    """60 masks of 64 pixels: so few that chance makes black pixels look important."""
    return lime.mask_bank(PIXELS, 60, generator(0, "few"))


def test_black_pixels_are_never_chosen(
    curved_model: nn.Module, bright_images: Tensor, few_masks: lime.Bank
) -> None:
    bright_images[:, :, :4] = 0
    weights = lime.explain(curved_model, bright_images, 1, few_masks, features=20)
    assert not weights[:, :32].any()
    assert ((weights != 0).sum(axis=1) >= 19).all()


def test_black_pixels_eat_features_where_they_are_not_skipped(
    curved_model: nn.Module, bright_images: Tensor, few_masks: lime.Bank
) -> None:
    bright_images[:, :, :4] = 0
    weights = lime.explain(curved_model, bright_images, 1, few_masks, features=20, skip_black=False)
    assert (weights[:, :32] != 0).any(axis=1).all()


def test_noise_changes_black_pixels_and_may_choose_them(
    linear_model: nn.Sequential, bright_images: Tensor, noise: lime.Bank
) -> None:
    weights = lime.explain(linear_model, torch.zeros(1, 1, 8, 8), 1, noise, features=PIXELS, output="logit")
    np.testing.assert_allclose(weights[0], linear_model[1].weight[1].numpy(), atol=1e-5)


def test_company_changes_no_byte(curved_model: nn.Module, bright_images: Tensor, masks: lime.Bank) -> None:
    together = lime.explain(curved_model, bright_images, 1, masks, features=10)
    alone = lime.explain(curved_model, bright_images[3:], 1, masks, features=10)
    assert together[3].tobytes() == alone[0].tobytes()


def test_the_number_of_threads_changes_no_byte(
    curved_model: nn.Module, bright_images: Tensor, masks: lime.Bank
) -> None:
    found = []
    for threads in (1, 2):
        with execution.run_on(threads=threads):
            found.append(lime.explain(curved_model, bright_images, 1, masks, features=10))
    assert found[0].tobytes() == found[1].tobytes()


def test_a_block_holds_perturbations_of_one_image(bright_images: Tensor, masks: lime.Bank) -> None:
    """Four images of 400 samples, in blocks of 250 and 150, after a pass that measures memory."""
    sizes = []

    class Spy(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            sizes.append(len(images))
            return images.flatten(1)[:, :3]

    with execution.run_on(threads=1):
        lime.responses(Spy(), bright_images, 1, masks, "logit")
    assert sizes == [1, *[250, 150] * 4]


def test_perturbations_are_made_on_the_device(
    bright_images: Tensor, masks: lime.Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch's "meta" device holds no numbers, but tells where a tensor would be."""
    devices = set()

    class Spy(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            devices.add(images.device.type)
            return torch.zeros(len(images), 3)

    monkeypatch.setattr(execution, "current", lambda: execution.Execution(1, "meta"))
    lime.responses(Spy(), bright_images, 1, masks, "logit")
    assert devices == {"meta"}


def test_the_sums_of_the_regression_are_those_of_its_samples(masks: lime.Bank) -> None:
    samples = masks.samples.double().numpy()
    centred = samples - np.average(samples, axis=0, weights=masks.proximity)
    np.testing.assert_allclose(masks.gram, centred.T @ (centred * masks.proximity[:, None]), atol=1e-10)


def test_every_response_belongs_to_its_image_and_sample(bright_images: Tensor, masks: lime.Bank) -> None:
    scores = lime.responses(nn.Flatten(), bright_images, 9, masks, "logit")
    expected = bright_images.flatten(1)[:, 9:10] * masks.samples[:, 9]
    np.testing.assert_array_equal(scores, expected.double().numpy())


def test_a_saturated_probability_makes_weights_vanish_and_the_logit_does_not(
    linear_model: nn.Sequential, bright_images: Tensor, masks: lime.Bank
) -> None:
    linear_model[1].bias += torch.tensor([0.0, 50.0, 0.0])
    probability = lime.explain(linear_model, bright_images, 1, masks, features=PIXELS, output="probability")
    logit = lime.explain(linear_model, bright_images, 1, masks, features=PIXELS, output="logit")
    assert np.abs(probability).max() < 1e-6
    assert np.abs(logit).max() > 1e-2


def test_the_path_does_not_stop_early_where_responses_are_tiny(masks: lime.Bank) -> None:
    moments = masks.projection @ np.random.default_rng(4).random(400)
    few = lime.lasso_support(masks.gram, 1e-12 * moments, 10)
    assert few.tolist() == lime.lasso_support(masks.gram, moments, 10).tolist()
    assert len(few) == 10


def test_a_constant_response_chooses_nothing(bright_images: Tensor, masks: lime.Bank) -> None:
    assert lime.lasso_support(masks.gram, np.zeros(PIXELS), 10).tolist() == []


def test_the_first_mask_is_all_on_and_nearest(masks: lime.Bank) -> None:
    assert masks.samples[0].tolist() == [1] * PIXELS
    assert masks.proximity[0] == 1
    assert masks.proximity[1:].max() < 1


def test_a_mask_is_weighted_by_its_cosine_distance(masks: lime.Bank) -> None:
    """With width 0.25: sqrt(exp(-(1 - cos)^2 / 0.25^2)), cos = m.1 / (|m| |1|)."""
    mask = masks.samples[7].double().numpy()
    cosine = mask.sum() / (np.linalg.norm(mask) * np.sqrt(PIXELS))
    assert masks.proximity[7] == pytest.approx(np.sqrt(np.exp(-((1 - cosine) ** 2) / 0.0625)))


def test_noise_is_weighted_by_its_distance(noise: lime.Bank) -> None:
    squared = (noise.samples[7].double() ** 2).sum().item()
    width = 0.75 * 0.3 * np.sqrt(PIXELS)
    assert noise.proximity[7] == pytest.approx(np.exp(-squared / width**2))
    assert noise.samples.std().item() == pytest.approx(0.3, rel=0.02)


def test_more_samples_begin_with_the_fewer() -> None:
    few = lime.mask_bank(PIXELS, 10, generator(0, "masks")).samples
    many = lime.mask_bank(PIXELS, 30, generator(0, "masks")).samples
    assert torch.equal(many[:10], few)


def test_an_unknown_output_is_refused(
    linear_model: nn.Module, bright_images: Tensor, masks: lime.Bank
) -> None:
    with pytest.raises(ValueError, match=r"^there is no output 'score'; allowed: logit, probability$"):
        lime.explain(linear_model, bright_images, 0, masks, 5, output="score")
