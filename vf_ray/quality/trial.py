"""How well pictures are recognised, measured: each of some is changed, and looked for among all of them.

What is found is the picture itself (recall), or another one (precision). The changes are those that pictures
undergo on their way from one dataset into another.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageOps

from vf_ray.eval.benchmark import Figure
from vf_ray.eval.statistics import proportion
from vf_ray.quality.perceptual import RADIUS, Looks, distance, looks, of_one_colour
from vf_ray.quality.prepared import Prepared

IMAGES = 100
"""Pictures that are tried, at most."""
Alteration = Callable[[Image.Image], Image.Image]


def _resized(factor: float, image: Image.Image) -> Image.Image:
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))))


def _cropped(share: float, image: Image.Image) -> Image.Image:
    return ImageOps.crop(image, tuple(round(side * share / 2) for side in (*image.size, *image.size)))


def _grey(image: Image.Image) -> Image.Image:
    return image.convert("L").convert("RGB")


def _watermarked(image: Image.Image) -> Image.Image:
    """Write a white line of text over the lower tenth."""
    marked = image.copy()
    size = max(8, image.height // 12)
    ImageDraw.Draw(marked).text((size, image.height - 2 * size), "(c) example 2026", "white", font_size=size)
    return marked


JPEG = 30
"""Quality at which all is stored again."""
CHANGES: Mapping[str, Alteration] = {
    f"recompressed, JPEG {JPEG}": Image.Image.copy,
    "half the size": partial(_resized, 0.5),
    "a third of the size": partial(_resized, 1 / 3),
    "a watermark": _watermarked,
    "2 % cut off": partial(_cropped, 0.02),
    "5 % cut off": partial(_cropped, 0.05),
    "10 % cut off": partial(_cropped, 0.1),
    "grey": _grey,
    "mirrored": ImageOps.mirror,
}


@dataclass(frozen=True, kw_only=True)
class RecognitionTrial:
    """What was found of pictures that were changed."""

    images: int
    plain: int
    """Of them, those with too little detail to be compared: they count as not found."""
    recall: Mapping[str, Figure]
    """By change: the share that is found."""
    precision: Figure
    """Of all that is found, over all changes, the share that is the picture itself."""
    closest: int
    """Fewest bits in which the hashes of two different pictures differ; 256 if there are no two."""


def trial(images: Sequence[bytes]) -> RecognitionTrial:
    """Alteration each of some different pictures in every way, and look for it among all.

    Raises:
        OSError: if one cannot be decoded.
    """
    known = looks(images)
    right: dict[str, npt.NDArray[np.bool_]] = {}
    hits = wrong = 0
    for name, change in CHANGES.items():
        marks = _matches(looks([_changed(data, change) for data in images]), known)
        right[name] = marks.diagonal()
        hits += int(marks.diagonal().sum())
        wrong += int(marks.sum() - marks.diagonal().sum())
    apart = [distance(known.hashes[n], known.hashes[n + 1 :]) for n in range(len(images) - 1)]
    return RecognitionTrial(
        images=len(images), plain=int((~known.telling).sum()),
        recall={name: proportion(marks.astype(float).tolist()) for name, marks in right.items()},
        precision=proportion([1.0] * hits + [0.0] * wrong),
        closest=min((int(bits.min()) for bits in apart), default=256),
    )  # fmt: skip


def _changed(data: bytes, change: Alteration) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        image = change(opened.convert("RGB"))
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=JPEG)
    return sink.getvalue()


def _matches(changed: Looks, known: Looks) -> npt.NDArray[np.bool_]:
    """Return which changed picture (row) is taken for which known one (column)."""
    marks = np.zeros((len(changed.hashes), len(known.hashes)), bool)
    for row in range(len(marks)):
        one = changed.take(np.array([row]))
        near = distance(one.hashes, known.hashes) <= RADIUS
        marks[row] = near & of_one_colour(one, known) & one.telling & known.telling
    return marks


def sample(prepared: Prepared, most: int = IMAGES) -> list[bytes]:
    """Return stored pictures of all sources alike: those whose content comes first by hash."""
    share = -(-most // max(1, len(prepared.images)))
    return [data for source in prepared.images for data in prepared.first(source, share)][:most]
