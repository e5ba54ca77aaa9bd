"""Pictures without any pattern, for attention checks: the pixels of a real one in a random order.

They have its colours, its size and its number of bytes; nothing but the pattern tells them apart.
"""

import hashlib
import io
import random

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from explanations.rendering import png

from ..models.explanation_sets import ClassMap, Method

SLUG, TITLE = "shuffled-class-mean", "Shuffled class mean"


def noise_maps(class_map, n):
    """`n` class maps whose pictures hold the pixels of `class_map`'s, shuffled; drawn once for each set."""
    explanation_set = class_map.method.explanation_set
    method, _ = explanation_set.methods.get_or_create(
        slug=SLUG,
        defaults={
            "title": TITLE,
            "reference": "The pixels of a class mean in a random order",
            "purpose": Method.Purpose.NOISE,
        },
    )
    drawn = {m.replicate: m for m in method.class_maps.filter(label=class_map.label, replicate__lte=n)}
    for number in range(1, n + 1):
        if number not in drawn:
            image = _store(_shuffled(class_map, f"{explanation_set.digest}/{class_map.label}/{number}"))
            drawn[number] = ClassMap.objects.create(
                method=method, label=class_map.label, replicate=number, image=image
            )
    return [drawn[number] for number in range(1, n + 1)]


def _shuffled(class_map, seed):
    """The PNG file of the picture with its pixels in an order drawn from `seed`.

    Where disorder takes more bytes than the picture has, similar colours are merged until it fits.
    """
    with class_map.image.open() as file:
        content = file.read()
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture if picture.mode == "P" else picture.convert("RGB"))
        palette = None
        if picture.mode == "P":
            palette = np.array(picture.getpalette(), dtype=np.uint8).reshape(-1, 3)
    order = list(range(pixels.shape[0] * pixels.shape[1]))
    random.Random(seed).shuffle(order)
    noise = pixels.reshape(len(order), -1)[order].reshape(pixels.shape)
    for step in (1, 2, 4, 8, 16, 32, 64, 128):
        try:
            return png.encode([("noise", noise // step * step)], palette, length=len(content))["noise"]
        except png.TooLong:
            continue
    raise ValueError(f"{class_map}: no noise of its size fits into {len(content)} bytes")


def _store(content):
    name = f"maps/{hashlib.sha256(content).hexdigest()[:20]}.png"
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))
