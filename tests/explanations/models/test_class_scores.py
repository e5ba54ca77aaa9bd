import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.models import class_scores, execution


def test_the_score_is_the_logit_of_the_target(linear_model: nn.Module, bright_images: Tensor) -> None:
    score = class_scores.class_score(linear_model, 2, "logit")
    assert torch.equal(score(bright_images), linear_model(bright_images)[:, 2])


def test_the_score_is_the_probability_of_the_target(linear_model: nn.Module, bright_images: Tensor) -> None:
    score = class_scores.class_score(linear_model, 2, "probability")
    expected = linear_model(bright_images).double().softmax(dim=1)[:, 2]
    assert torch.equal(score(bright_images), expected)


def test_a_probability_near_one_still_has_a_gradient(linear_model: nn.Module, bright_images: Tensor) -> None:
    """In single precision exp(-20) beside 1 is 0, and so is the gradient."""
    linear_model[1].bias[:] = torch.tensor([0.0, 20.0, 0.0])
    score = class_scores.class_score(linear_model, 1, "probability")
    assert class_scores.gradient(score, bright_images).abs().amax() > 1e-12


def test_an_unknown_output_is_refused(linear_model: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"^there is no output 'score'; allowed: logit, probability$"):
        class_scores.class_score(linear_model, 0, "score")


def test_gradients_come_block_by_block(
    curved_model: nn.Module, bright_images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = class_scores.class_score(curved_model, 1, "logit")
    whole = class_scores.gradient(score, bright_images)
    monkeypatch.setattr(execution, "LARGEST_BLOCK", 3)
    blocks = class_scores.gradients(class_scores.class_score(curved_model, 1, "logit"), bright_images)
    torch.testing.assert_close(blocks, whole)


def test_a_mask_shows_the_image_where_it_is_one_and_what_hides_it_elsewhere(bright_images: Tensor) -> None:
    score = class_scores.class_score(nn.Flatten(), 9, "logit")
    image, hidden = bright_images[:1], torch.full((1, 1, 8, 8), 0.25)
    halves = torch.arange(64).reshape(8, 8) // 32
    found = class_scores.masked_scores(score, image, hidden, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), halves)
    assert found.tolist() == [float(image[0, 0, 1, 1]), 0.25]


def test_the_number_of_threads_changes_no_byte(curved_model: nn.Module, bright_images: Tensor) -> None:
    masks = (torch.rand(600, 64, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    found = []
    for threads in (1, 2):
        score = class_scores.class_score(curved_model, 1, "probability")
        with execution.run_on(threads=threads):
            found.append(class_scores.masked_scores(score, bright_images[:1], torch.zeros(1, 1, 8, 8), masks))
    assert found[0].numpy().tobytes() == found[1].numpy().tobytes()


def test_the_scores_of_images_are_those_of_one_after_the_other(
    linear_model: nn.Module, bright_images: Tensor
) -> None:
    together = class_scores.scores(linear_model, bright_images, 1)
    alone = [class_scores.scores(linear_model, image[None], 1)[0] for image in bright_images]
    np.testing.assert_allclose(together, alone, rtol=1e-6)
