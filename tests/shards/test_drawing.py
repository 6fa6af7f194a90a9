"""Pictures that a task composes."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vf_ray.shards.decode import BadImageError, sha256
from vf_ray.shards.drawing import CELL, GAP, LABEL_HEIGHT, image
from vf_ray.types import Boxed, Crop, Grid, ImageRef


def plain(colour: str, width: int, height: int, kind: str = "PNG") -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(sink, kind)
    return sink.getvalue()


def halves() -> bytes:
    drawn_image = Image.new("RGB", (40, 20), "black")
    drawn_image.paste("white", (20, 0, 40, 20))
    sink = io.BytesIO()
    drawn_image.save(sink, "PNG")
    return sink.getvalue()


FILES = {
    "halves": halves(), "red": plain("red", 30, 10), "blue": plain("blue", 10, 30),
    "large": plain("green", 2000, 1000, "JPEG"), "torn": halves()[:50],
}  # fmt: skip


def fetch(path: str) -> bytes:
    if path.startswith(".."):
        raise ValueError(f"path {path!r} leads outside the tree")
    if path not in FILES:
        raise FileNotFoundError(path)
    return FILES[path]


def drawn(drawn_image: ImageRef, largest_side: int = 1024) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(image(drawn_image, fetch, largest_side).data)).convert("RGB"))


def test_a_crop_is_cut_out_and_ends_at_the_edge() -> None:
    assert drawn(Crop("halves", (0, 0, 20, 20))).max() == 0
    assert drawn(Crop("halves", (20, 5, 4000, 11))).shape == (6, 20, 3)
    assert drawn(Crop("halves", (20.4, -7, 40, 20))).min() == 255


@pytest.mark.parametrize("box", [(40, 0, 60, 20), (10, 10, 10, 15), (30, 0, 20, 20), (-9, -9, 0, 0)])
def test_a_box_outside_the_image_is_named(box: tuple[float, float, float, float]) -> None:
    for drawn_image in (Crop("halves", box), Boxed("halves", (box,))):
        with pytest.raises(BadImageError, match="box outside the picture"):
            image(drawn_image, fetch, 1024)


def test_boxes_are_outlined_in_colours_of_their_own() -> None:
    found = drawn(Boxed("halves", ((2, 2, 12, 12), (22, 2, 32, 12))))
    assert found.shape == (20, 40, 3)
    assert tuple(found[2, 2]) == (255, 0, 0)
    assert tuple(found[11, 31]) == (0, 0, 255)
    assert tuple(found[7, 7]) == (0, 0, 0)
    assert tuple(found[1, 1]) == (0, 0, 0)


def test_what_is_drawn_of_one_image_is_turned_as_it_is_and_a_sheet_is_upright() -> None:
    sink, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.open(io.BytesIO(halves())).save(sink, "PNG", exif=exif)

    def orientation(ref: ImageRef) -> int | None:
        data = image(ref, lambda _: sink.getvalue(), 1024).data
        return Image.open(io.BytesIO(data)).getexif().get(0x0112)

    box = (0, 0, 20, 20)
    assert orientation(Crop("turned", box)) == orientation(Boxed("turned", (box,))) == 6
    assert orientation(Grid(("turned", "turned"), columns=2)) is None


def test_a_grid_shows_its_images_in_reading_order() -> None:
    found = drawn(Grid(("red", "blue", "halves"), columns=2))
    assert found.shape == (2 * 30 + 3 * GAP, 2 * 40 + 3 * GAP, 3)
    assert tuple(found[GAP + 15, GAP + 20]) == (255, 0, 0)
    assert tuple(found[GAP + 15, 2 * GAP + 60]) == (0, 0, 255)
    assert tuple(found[2 * GAP + 45, GAP + 5]) == (0, 0, 0)
    assert found[2 * GAP + 45, 2 * GAP + 45 :].min() == 255


def test_labels_stand_above_their_cells() -> None:
    found = drawn(Grid(("red", "red"), columns=2, labels=("A", "B")))
    assert found.shape[0] == 10 + LABEL_HEIGHT + 2 * GAP
    assert found[GAP : GAP + LABEL_HEIGHT, : GAP + 30].min() < 100
    assert found[GAP : GAP + LABEL_HEIGHT, 2 * GAP + 30 :].min() < 100


def test_large_cells_are_shrunk_and_small_ones_are_not() -> None:
    assert drawn(Grid(("large",), columns=1)).shape == (CELL // 2 + 2 * GAP, CELL + 2 * GAP, 3)


def test_a_drawing_knows_the_raw_images_it_shows() -> None:
    found = image(Grid(("red", "blue"), columns=2), fetch, 1024)
    assert found.raws == (sha256(FILES["red"]), sha256(FILES["blue"]))
    assert found.format == "PNG"
    assert image(Crop("large", (0, 0, 900, 900)), fetch, 1024).format == "JPEG"
    assert max(drawn(Boxed("large", ()), 500).shape) == 500


@pytest.mark.parametrize(
    ("path", "reason"),
    [("gone", "picture missing"), ("../x", "picture path impossible"), ("torn", "picture does not decode")],
)
def test_a_image_that_cannot_be_had_is_named(path: str, reason: str) -> None:
    for drawn_image in (path, Crop(path, (0, 0, 5, 5)), Grid(("red", path), columns=2)):
        with pytest.raises(BadImageError) as raised:
            image(drawn_image, fetch, 1024)
        assert raised.value.reason == reason
