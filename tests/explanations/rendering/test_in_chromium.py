"""What a browser shows of padded pictures."""

import base64
import io
import os
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from explanations.rendering import Rendering, draw

CHROMIUM = shutil.which("chromium")
PIXELS = """async address => {
    const image = new Image(); image.src = address; await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d"); context.drawImage(image, 0, 0);
    return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
}"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    if CHROMIUM is None and "BEHOLDER_SKIP_NOTHING" not in os.environ:
        pytest.skip("the system's chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page()
        browser.close()


@pytest.mark.parametrize("style", ["heat", "signed", "overlay", "borders", "top:3"])
def test_chromium_shows_the_pixels_that_were_drawn(tab: Page, style: str) -> None:
    """A smooth map beside noise has most of its file filled with empty blocks."""
    random = np.random.default_rng(5)
    image = random.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    maps = {"smooth": np.outer(np.hanning(48), np.hanning(64)), "noise": random.standard_normal((48, 64))}
    for picture in draw(maps, Rendering.choose(style), dict.fromkeys(maps, image)).values():
        shown = tab.evaluate(PIXELS, f"data:image/png;base64,{base64.b64encode(picture).decode()}")
        expected = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
        np.testing.assert_array_equal(np.reshape(shown, (48, 64, 4))[..., :3], expected)
