"""Tiles to the bit as transformers' processors cut them, whatever an image's size and colours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.model.families.tiny import as_theirs_lays, image, png, processor, tiny
from vf_ray.model.families import encoder_of

SIZES = [(1, 1), (16, 16), (17, 16), (31, 64), (64, 31), (200, 3), (3, 200), (640, 480), (97, 101), (4200, 9)]


@pytest.mark.parametrize("family", ["smolvlm", "internvl"])
def test_tiles_are_those_of_its_own_processor(family: str, tmp_path: Path) -> None:
    folder = tiny(family, tmp_path)
    ours, theirs = encoder_of(folder).images, processor(folder).image_processor
    clear = image(40, 30).convert("RGBA")
    clear.putalpha(Image.fromarray(np.tile(np.arange(40, dtype=np.uint8) * 6, (30, 1))))
    for shown in [
        *(image(*size) for size in SIZES),
        clear,
        image(20, 20).convert("L"),
        image(9, 9).convert("P"),
    ]:
        expected = theirs(
            as_theirs_lays(shown),
            return_tensors="pt",
            **({"crop_to_patches": True} if family == "internvl" else {}),
        )
        found: Any = ours.normalised(ours.collated(ours.decoded([png(shown)])))
        assert torch.equal(found["pixel_values"], expected["pixel_values"].flatten(0, -4)), shown.size
        assert found["num_tiles"].tolist() == [len(found["pixel_values"])]
        assert torch.equal(ours.seen(png(shown)), found["pixel_values"][-1])
        assert bool(expected.get("pixel_attention_mask", torch.ones(1)).all())
