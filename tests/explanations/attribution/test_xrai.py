import pytest
import torch
from torch import nn

from explanations.attribution.gradient.xrai import xrai

ENDS = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)  # black and white
SETTINGS = {"steps": 5, "tolerance": 0.01, "algorithm": "full", "output": "logit"}


@pytest.mark.slow
def test_xrai_prefers_the_region_that_decides() -> None:
    """Class 0 is the brightness of the left square; the right one is as bright and plays no part."""
    image = torch.full((1, 1, 16, 16), 0.1)
    image[:, :, 4:12, 1:7] = image[:, :, 4:12, 9:15] = 0.9
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 1, bias=False)).requires_grad_(False)
    model[1].weight.copy_((torch.arange(256) % 16 < 8).float()[None])
    weights = xrai(model, image, 0, baselines=ENDS.expand(2, 1, 16, 16), **SETTINGS).reshape(16, 16)
    assert weights[5:11, 2:6].min() > weights[5:11, 10:14].max()


def test_xrai_of_an_image_of_one_colour_is_refused(linear_model: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"^XRAI cuts the image into regions, and an image of one colour"):
        xrai(linear_model, torch.ones(1, 1, 8, 8), 0, baselines=ENDS.expand(2, 1, 8, 8), **SETTINGS)
