"""What a recipe's base may say of any family's images and format, and what it may not."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.model.families.tiny import base_of, image, processor, tiny
from tests.tiny import TEXTS
from vf_ray.errors import UserError
from vf_ray.model.families import encoder_of, family_of_base
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Base, Recipe

BOUNDS = {"min_pixels": 256, "max_pixels": 1024}
"""16 tokens of a tiny Qwen-VL at most, and 4 at least."""


@pytest.mark.parametrize("family", ["qwen_vl", "qwen25_vl"])
@pytest.mark.parametrize("fresh", [True, False])
def test_bounds_of_pixels_stay_with_the_model_and_are_counted_by(
    family: str, fresh: bool, tmp_path: Path
) -> None:
    whole = base_of(family) if fresh else Base(checkpoint=str(tiny(family, tmp_path / "theirs")))
    base = replace(whole, **BOUNDS)
    family_of_base(base, Path).assemble(base, TEXTS, tmp_path / "ours", seed=0, fetch=Path)
    encoder, theirs = encoder_of(tmp_path / "ours"), processor(tmp_path / "ours").image_processor
    for size in [(640, 480), (4, 4), (20, 30)]:
        rows, columns = theirs([image(*size)])["image_grid_thw"][0].tolist()[1:]
        assert encoder.image_tokens(*size) == rows * columns // 4
        assert 4 <= encoder.image_tokens(*size) <= 16
    dimensions = [family_of_base(one, Path).adopted(one, Path).dimensions() for one in (whole, base)]
    assert dimensions[0].image_tokens > dimensions[1].image_tokens == encoder.image_tokens(640, 480)


@pytest.mark.parametrize("family", ["llava15", "llava_next", "smolvlm", "internvl"])
def test_other_families_say_that_their_images_have_no_such_bounds(family: str) -> None:
    base = Base(family=family, size="tiny", max_pixels=1024)
    with pytest.raises(UserError, match=r"max_pixels .*(is 1024|are for qwen_vl)"):
        family_of_base(base, Path).adopted(base, Path)


def test_a_format_of_its_own_is_refused_with_where_to_change_it() -> None:
    base = Base(family="smolvlm", size="tiny", input_format={"exif": "applied"})
    with pytest.raises(UserError, match=r"take it out, and change chat_template\.jinja"):
        family_of_base(base, Path).adopted(base, Path)


def test_only_bounds_that_are_set_move_an_address() -> None:
    def address(**base: int) -> str:
        stage = {"tasks": ["demo_digits/*"], "lr": 1e-3, "batch": 1, "steps": 1}
        values = {"name": "x", "prepare": {"tasks": ["demo_digits/*"]}, "stage1": stage, "base": base}
        return Plan(Recipe.from_mapping(values), "").base.address

    assert address() == address(max_pixels=0) != address(max_pixels=1024)
    with pytest.raises(UserError, match=r"base\.min_pixels 9 is more than base\.max_pixels 4"):
        Base(min_pixels=9, max_pixels=4)
