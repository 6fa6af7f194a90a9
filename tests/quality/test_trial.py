"""How well pictures are recognised, on pieces of two photographs: what is promised of the hash holds."""

from PIL import Image
from sklearn.datasets import load_sample_images

from tests.quality.photographs import SIDE, jpeg, pieces, png
from vf_ray.quality.trial import CHANGES, JPEG, trial


def windows() -> list[bytes]:
    """Return pieces of two photographs that overlap by half: alike, and none a copy of another."""
    whole = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    step = SIDE // 2
    corners = [(x, y) for x in range(0, 4 * SIDE, step) for y in range(0, 2 * SIDE, step)]
    images = [photo.crop((x, y, x + SIDE, y + SIDE)) for photo in whole for x, y in corners]
    return [jpeg(image, 95) for image in images if len(jpeg(image, 90)) > 6_000]


def test_photographs_are_found_whatever_is_done_but_cutting_greying_and_mirroring() -> None:
    tried = trial([jpeg(piece, 95) for piece in pieces()])
    shares = {change: figure.value for change, figure in tried.recall.items()}
    surely = [
        f"recompressed, JPEG {JPEG}",
        "half the size",
        "a third of the size",
        "a watermark",
        "2 % cut off",
    ]
    assert {change for change, share in shares.items() if share == 1} == {*surely}
    assert shares["mirrored"] == shares["5 % cut off"] == 0
    assert (tried.images, tried.plain) == (len(pieces()), 0)


def test_pictures_that_overlap_by_half_are_not_taken_for_each_other() -> None:
    tried = trial(windows())
    assert tried.precision.value == 1 and tried.precision.n > 100
    assert tried.closest > 92


def test_what_is_too_plain_counts_as_not_found() -> None:
    plain = [png(Image.new("RGB", (64, 64), (level, 0, 0))) for level in range(0, 250, 50)]
    tried = trial([*plain, *(jpeg(piece, 95) for piece in pieces()[:5])])
    assert (tried.images, tried.plain) == (10, 5)
    assert tried.recall["half the size"].value == 0.5
    assert set(tried.recall) == set(CHANGES)


def test_of_nothing_nothing_is_found() -> None:
    tried = trial([])
    assert (tried.images, tried.precision.n, tried.closest) == (0, 0, 256)
