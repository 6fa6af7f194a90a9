"""YAML of a user: what no recipe can be is refused before it is written out in memory."""

import pytest

from vf_ray.errors import UserError
from vf_ray.recipe.load import read_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{name}'] * 9)}]\n"
    for name, after in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{after}: &{after} {{<<: [{', '.join([f'*{name}'] * 9)}]}}\n"
    for name, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, r"stands for [\d,]{9,} values; expected 100,000 at most"),
        (MERGES, r"stands for [\d,]{9,} values; expected 100,000 at most"),
        ("a: &a [*a]", "holds itself"),
        ("a: &a {b: *a}", "holds itself"),
        ("[" * 5000, "nested too deeply"),
        ("a: " + "{b: " * 5000, "nested too deeply"),
        ("a: 2026-02-30", "is no YAML"),
        ("a: " + "9" * 5000, "is no YAML"),
        ("# " + "x" * (1 << 18), "letters; expected"),
        ("a: [", "is no YAML"),
        ("a: \0", "is no YAML"),
        ("a: 1\na: 2", "once more"),
    ],
)
def test_what_no_recipe_can_be_is_refused_at_once(text: str, told: str) -> None:
    with pytest.raises(UserError, match=rf"(?s)^recipe 'x' .*{told}"):
        read_yaml(text, "recipe 'x'")


def test_aliases_within_reason_are_kept() -> None:
    assert read_yaml("a: &a {x: 1}\nb: {<<: *a, y: [*a, *a]}", "it") == {
        "a": {"x": 1}, "b": {"x": 1, "y": [{"x": 1}] * 2},
    }  # fmt: skip
    assert read_yaml("", "it") is None
