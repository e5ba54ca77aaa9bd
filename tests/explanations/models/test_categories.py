import pytest
import torch

from explanations.datasets.labelled_images import LabelledImages
from explanations.models.categories import as_categories

CATEGORIES = ("tench, Tinca tinca", "tiger cat", "crane", "crane", "maillot", "maillot, tank suit")


def images(*classes: str, labels: tuple[int, ...] = (0,)) -> LabelledImages:
    pixels = torch.zeros(len(labels), 1, 2, 2)
    return LabelledImages("photos", "all", "ab", classes, pixels, torch.tensor(labels))


def test_folders_of_some_classes_become_categories_of_the_network() -> None:
    data = as_categories(images("Tiger_cat", "tench", labels=(1, 0, 0)), CATEGORIES, "a:b")
    assert data.labels.tolist() == [0, 1, 1]
    assert data.present == ("tench", "tiger cat")
    assert len(data.classes) == 6


@pytest.mark.parametrize("name", ["Tinca tinca", "TENCH", "tench, Tinca tinca"])
def test_a_category_has_several_names(name: str) -> None:
    assert as_categories(images(name), CATEGORIES, "a:b").labels.tolist() == [0]


def test_categories_of_one_name_are_told_apart_by_numbers() -> None:
    data = as_categories(images("crane-1", "crane-2", "maillot-2", labels=(0, 1, 2)), CATEGORIES, "a:b")
    assert data.labels.tolist() == [2, 3, 5]


def test_a_folder_whose_name_two_categories_have_is_refused() -> None:
    expected = r"^photos: the class 'crane' could be any of the categories crane-1, crane-2 of a:b; name its"
    with pytest.raises(ValueError, match=expected):
        as_categories(images("crane"), CATEGORIES, "a:b")


def test_a_folder_of_another_name_is_refused_with_those_that_are_similar() -> None:
    expected = (
        r"^photos: the class 'tigercat' is not one of the 6 categories of a:b "
        r"\(similar: tiger cat\); name its folder after the category$"
    )
    with pytest.raises(ValueError, match=expected):
        as_categories(images("tigercat"), CATEGORIES, "a:b")


def test_numbered_classes_keep_their_numbers() -> None:
    data = images("0", "1", "2")
    assert as_categories(data, CATEGORIES, "a:b") is data


def test_as_many_classes_of_other_names_are_the_outputs_in_their_order() -> None:
    data = images("a", "b")
    assert as_categories(data, ("yes", "no"), "a:b") is data
