"""Pictures without any pattern, for attention checks: the pixels of a real one in a random order.

So they have its shades, its size and, since pictures of a set are stored uncompressed, its number of bytes;
nothing but the pattern tells them apart.
"""

import hashlib
import io
import random

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

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
    """The PNG file of the picture with its pixels in an order drawn from `seed`."""
    with class_map.image.open() as file, Image.open(file) as picture:
        shades = np.asarray(picture)  # (H, W), of the palette
        order = list(range(shades.size))
        random.Random(seed).shuffle(order)
        noise = Image.fromarray(shades.ravel()[order].reshape(shades.shape), "P")
        noise.putpalette(picture.getpalette())
    out = io.BytesIO()
    noise.save(out, "PNG", compress_level=0)
    return out.getvalue()


def _store(content):
    name = f"maps/{hashlib.sha256(content).hexdigest()[:20]}.png"
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))
