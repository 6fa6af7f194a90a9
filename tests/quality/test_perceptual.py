from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.quality.photographs import cropped, jpeg, pieces, png, resized
from vf_ray.quality.perceptual import PLAINEST, RADIUS, distance, looks

Change = Callable[[Image.Image], bytes]

KEPT: dict[str, Change] = {
    "another container": png,
    "poorer JPEG": lambda piece: jpeg(piece, 30),
    "half the size": lambda piece: png(resized(piece, 0.5)),
    "a third, as JPEG": lambda piece: jpeg(resized(piece, 1 / 3), 75),
    "twice the size": lambda piece: jpeg(resized(piece, 2), 80),
    "grey": lambda piece: png(piece.convert("L")),
    "2% cut off": lambda piece: png(cropped(piece, 0.02)),
}


def moved(change: Change) -> np.ndarray:
    before, after = looks([jpeg(p, 95) for p in pieces()]), looks([change(p) for p in pieces()])
    return distance(before.hashes, after.hashes)


@pytest.mark.parametrize("change", KEPT.values(), ids=KEPT.keys())
def test_a_picture_changed_in_form_stays_within_the_radius(change: Change) -> None:
    assert moved(change).max() <= RADIUS


def test_a_crop_is_another_picture() -> None:
    assert moved(lambda piece: png(cropped(piece, 0.1))).min() > RADIUS


def test_different_pictures_lie_far_apart() -> None:
    hashes = looks([jpeg(p, 90) for p in pieces()]).hashes
    apart = distance(hashes[:, None], hashes[None])[np.triu_indices(len(hashes), 1)]
    assert len(hashes) >= 8
    assert apart.min() > 2 * RADIUS


def test_an_even_surface_says_nothing() -> None:
    blue = Image.new("RGB", (80, 60), (20, 40, 200))
    found = looks([png(blue), png(pieces()[0]), jpeg(blue, 40)])
    assert found.telling.tolist() == [False, True, False]
    assert found.detail[0] == 0 and found.detail[1] >= PLAINEST


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK"])
def test_every_mode_a_stored_picture_may_have_has_a_hash(mode: str) -> None:
    picture = pieces()[0].convert(mode)
    assert looks([jpeg(picture, 90) if mode == "CMYK" else png(picture)]).telling.all()


def test_no_pictures_have_no_hashes() -> None:
    assert looks([]).hashes.shape == (0, 4)
