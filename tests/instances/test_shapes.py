"""How names become words."""

import pytest

from vf_ray.instances.shapes import with_article


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("airplane", "an airplane"),
        ("ship", "a ship"),
        ("unicycle", "a unicycle"),
        ("umbrella", "an umbrella"),
        ("hourglass", "an hourglass"),
        ("European gallinule", "a European gallinule"),
        ("The Eiffel Tower", "The Eiffel Tower"),
    ],
)
def test_the_article_follows_the_sound(noun: str, expected: str) -> None:
    assert with_article(noun) == expected
