"""What it costs to see that a picture's data last to its end."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.bench.timing import least
from vf_ray.shards import decode
from vf_ray.shards.image_bytes import ImageBytes

pytestmark = pytest.mark.bench
COARSE = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
NOISE = np.random.default_rng(1).normal(0, 6, (427, 640, 3))


@pytest.mark.parametrize("options", [{"quality": 75}, {"quality": 92}, {"progressive": True}])
def test_looking_for_missing_data(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a picture in as it is stored, with and without the look at its data's end."""
    large = np.asarray(Image.fromarray(COARSE).resize((640, 427), Image.Resampling.BICUBIC))
    sink = io.BytesIO()
    Image.fromarray((large + NOISE).clip(0, 255).astype(np.uint8)).save(sink, "JPEG", **options)
    data, looked = sink.getvalue(), decode._source

    def take(source: Any) -> None:
        monkeypatch.setattr(decode, "_source", source)
        for _ in range(50):
            decode.stored(data, 1024)

    spent = least({"looking": lambda: take(looked), "not looking": lambda: take(ImageBytes)}, times=5)
    print(f"\n{options}, {len(data):,} bytes: {spent['looking'] / spent['not looking']:.2f} times as long")
