"""How nouns stand in sentences."""

import pytest

from vf_ray.instances.nouns import is_plural, there_is, with_article
from vf_ray.sources.imagenet_words import imagenet_words


@pytest.mark.parametrize(
    "expected",
    [
        "an airplane", "a ship", "a unicycle", "an umbrella", "an hourglass", "a ewer",
        "a ukulele", "an uninvited guest", "a one-piece swimsuit", "an SUV", "a UFO", "an X-ray", "a T-shirt",
        "an LCD screen", "a TV", "an iPod", "an 8-ball", "an 18-wheeler", "a 2-in-1 Space Dye", "a honeycomb",
        "an Abstract Mirrored Print Dress", "a bus", "an octopus", "a lens", "an albatross", "a rhinoceros",
    ],
)  # fmt: skip
def test_the_article_follows_the_sound(expected: str) -> None:
    assert with_article(expected.partition(" ")[2]) == expected


@pytest.mark.parametrize(
    "noun",
    [
        "scissors",
        "binoculars",
        "jeans",
        "skis",
        "people",
        "Skinny Jeans",
        "swimming trunks",
        "cameras",
        "feet",
    ],
)
def test_what_is_many_has_no_article(noun: str) -> None:
    assert is_plural(noun) and with_article(noun) == noun
    assert there_is(noun) == f"There are {noun}."


@pytest.mark.parametrize("noun", ["rain", "bread", "red wine", "chain mail", "toilet paper"])
def test_a_mass_has_no_article(noun: str) -> None:
    assert with_article(noun) == noun and there_is(noun) == f"There is {noun}."


def test_a_name_has_its_article_within_a_sentence() -> None:
    assert with_article("The Eiffel Tower") == "the Eiffel Tower"


def test_of_imagenets_names_only_pairs_and_several_things_are_plural() -> None:
    several = ["binoculars", "dark glasses", "jeans", "pajamas", "parallel bars", "sunglasses"]
    assert sorted(filter(is_plural, imagenet_words().values())) == [*several, "swimming trunks"]
    assert with_article("chest of drawers") == "a chest of drawers"
    assert with_article("ear of corn") == "an ear of corn"
