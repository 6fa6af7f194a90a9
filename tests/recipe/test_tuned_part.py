"""What ``tune`` names: modules, and slices of their blocks as Python takes them."""

import pytest

from tests.train.inputs import stage
from vf_ray.errors import UserError
from vf_ray.recipe import TunedPart


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("vision_tower", range(24)),
        ("vision_tower[12:]", range(12, 24)),
        ("language_model[-4:]", range(20, 24)),
        ("language_model[:-20]", range(4)),
        ("vision_tower[3:5]", range(3, 5)),
        ("vision_tower[:]", range(24)),
    ],
)
def test_a_slice_takes_what_python_would(text: str, taken: range) -> None:
    part = TunedPart.of(text)
    assert part.blocks(24) == taken and str(part) == text


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("vision_towr[12:]",), "did you mean 'vision_tower'"),
        (("vision_tower[12]",), r"expected a module, or a slice of its blocks as vision_tower\[12:\]"),
        (("vision_tower[12:] ",), "expected a module, or a slice"),
        (("projector[1:]",), "a projector has no blocks, name it whole"),
        (("vision_tower[:3]", "vision_tower[5:]"), "whole or in one slice"),
    ],
)
def test_what_is_no_part_is_refused_with_what_to_write(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        stage(tune=names)


def test_a_slice_of_no_block_is_refused_where_the_blocks_are_known() -> None:
    with pytest.raises(UserError, match=r"vision_tower\[24:\], which is none of the 24 blocks"):
        TunedPart.of("vision_tower[24:]").blocks(24)


def test_a_rate_of_its_own_goes_by_the_module() -> None:
    assert stage(tune=("vision_tower[12:]",), own_lr={"vision_tower": 2e-6}).own_lr["vision_tower"] == 2e-6
