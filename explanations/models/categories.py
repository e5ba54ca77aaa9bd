"""The classes of a data set as categories of a network, which may have many more and in another order."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

import torch

from explanations.datasets.class_names import distinct
from explanations.datasets.labelled_images import LabelledImages


def as_categories(data: LabelledImages, categories: tuple[str, ...], factory: str) -> LabelledImages:
    """The data with the categories as their classes, each class matched with the category of its name.

    A category may have further names behind commas; its class is called by the first, with a number where
    two have the same, as "crane-1" and "crane-2". Neither case nor underscores matter: a folder "Tiger_cat"
    is of "tiger cat", one "Tinca tinca" of "tench, Tinca tinca". Data whose classes are only numbered keep
    them, and so do data of as many classes as there are categories where no name matches. Raises ValueError
    for a class that is not a category.
    """
    names = distinct(category.split(",")[0].strip() for category in categories)
    places = _places(categories, names)
    matches = {name: sorted(places.get(_plain(name), ())) for name in data.classes}
    numbered = all(name.isdecimal() for name in data.classes)
    if numbered or (len(data.classes) == len(categories) and not any(matches.values())):
        return data
    for name in data.present:
        if not matches[name]:
            raise ValueError(
                f"{data.name}: the class {name!r} is not one of the {len(categories):,} categories of "
                f"{factory}{_similar(name, places, names)}; name its folder after the category"
            )
        if len(matches[name]) > 1:
            several = ", ".join(names[place] for place in matches[name])
            raise ValueError(
                f"{data.name}: the class {name!r} could be any of the categories {several} of {factory}; "
                "name its folder after one of them"
            )
    numbers = torch.tensor([(matches[name] or [0])[0] for name in data.classes])
    return replace(data, classes=names, labels=numbers[data.labels])


def _places(categories: tuple[str, ...], names: tuple[str, ...]) -> defaultdict[str, set[int]]:
    """The numbers of the categories by their possible names; a whole name counts before a part of one."""
    whole, parts = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for number, (category, name) in enumerate(zip(categories, names, strict=True)):
        for text in (category, name):
            whole[_plain(text)].add(number)
        for text in category.split(","):
            parts[_plain(text)].add(number)
    return defaultdict(set, parts | whole)


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


def _similar(name: str, places: Iterable[str], names: tuple[str, ...]) -> str:
    close = get_close_matches(_plain(name), list(places), n=3)
    examples = close or list(names[:3])
    return f" ({'similar' if close else 'such as'}: {', '.join(examples)})"
