from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.quality.photographs import cropped, jpeg, pieces, png, resized
from vf_ray.quality.perceptual import PLAINEST, RADIUS, TINT, Looks, distance, joined, looks, of_one_colour

Change = Callable[[Image.Image], bytes]

KEPT: dict[str, Change] = {
    "another container": png,
    "poorer JPEG": lambda piece: jpeg(piece, 30),
    "half the size": lambda piece: png(resized(piece, 0.5)),
    "a third, as JPEG": lambda piece: jpeg(resized(piece, 1 / 3), 75),
    "twice the size": lambda piece: jpeg(resized(piece, 2), 80),
    "2% cut off": lambda piece: png(cropped(piece, 0.02)),
}


def both(change: Change) -> tuple[Looks, Looks]:
    return looks([jpeg(p, 95) for p in pieces()]), looks([change(p) for p in pieces()])


@pytest.mark.parametrize("change", KEPT.values(), ids=KEPT.keys())
def test_a_image_changed_in_form_stays_within_the_radius(change: Change) -> None:
    before, after = both(change)
    assert distance(before.hashes, after.hashes).max() <= RADIUS
    assert of_one_colour(before, after).all()


def test_a_crop_is_another_image() -> None:
    before, after = both(lambda piece: png(cropped(piece, 0.1)))
    assert distance(before.hashes, after.hashes).min() > RADIUS


def test_another_colour_is_another_image() -> None:
    before, after = both(lambda piece: png(Image.merge("RGB", piece.split()[::-1])))
    grey = both(lambda piece: png(piece.convert("L")))
    assert distance(grey[0].hashes, grey[1].hashes).max() <= RADIUS
    coloured = np.ptp(before.colours.astype(int), axis=1) > 3 * TINT
    assert coloured.sum() >= 6
    assert not (of_one_colour(before, after) & coloured).any()
    assert not (of_one_colour(*grey) & coloured).any()


def test_joined_looks_are_those_of_all_images_together() -> None:
    data = [png(piece) for piece in pieces()[:3]]
    parts, whole = joined([looks(data[:1]), looks([]), looks(data[1:])]), looks(data)
    for name in ("hashes", "detail", "colours"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name))


def test_different_images_lie_far_apart() -> None:
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
def test_every_mode_a_stored_image_may_have_has_a_hash(mode: str) -> None:
    image = pieces()[0].convert(mode)
    assert looks([jpeg(image, 90) if mode == "CMYK" else png(image)]).telling.all()


def test_no_images_have_no_hashes() -> None:
    assert looks([]).hashes.shape == (0, 4)
