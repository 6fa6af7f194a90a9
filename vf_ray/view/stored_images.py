"""Stored pictures by their content, encoded here: what a browser gets is JPEG or PNG, whatever lies there."""

import io
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from vf_ray.artifacts import Artifact
from vf_ray.errors import MissingError
from vf_ray.instances.sample import chance_of
from vf_ray.page.image_data import SMALL
from vf_ray.shards.decode import opened, rgb
from vf_ray.shards.write import INDEX
from vf_ray.view.row_files import RowFile

SHA256 = re.compile("[0-9a-f]{64}")
SIDES = {"small": 256, "large": 1600}
"""Pixels of the longer side, at most."""
KEPT = 16
"""Artifacts whose hashes are in memory: 16 bytes a picture."""


@dataclass
class ImageFinder:
    """Finds pictures in images artifacts without reading their index as a whole."""

    _hashes: OrderedDict[tuple[str, str], "_Hashes"] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def read(self, images: Artifact, sha256: str) -> bytes:
        """Return a stored picture's bytes.

        Raises:
            MissingError: if the artifact holds no such picture.
        """
        if not SHA256.fullmatch(sha256):
            raise MissingError("an image is named by its SHA-256, in small letters")
        row = self._of(images).row(sha256)
        return images.read_range(row["file"], row["offset"], row["size"], sha256=sha256)

    def sha256(self, images: Artifact, digest: int) -> str:
        """Return the SHA-256 of a stored image of which the first 64 bits are known."""
        return str(self._of(images).beginning(digest)["sha256"])

    def _of(self, images: Artifact) -> "_Hashes":
        key = images.address, images.mark
        with self._lock:
            known = self._hashes.get(key) or _Hashes.of(RowFile(images, INDEX))
            self._hashes[key] = known
            self._hashes.move_to_end(key)
            if len(self._hashes) > KEPT:
                self._hashes.popitem(last=False)
        return known


@dataclass(frozen=True)
class _Hashes:
    """What each picture's SHA-256 begins with, ascending, and its row in the index."""

    index: RowFile
    digests: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.int64]

    @classmethod
    def of(cls, index: RowFile) -> "_Hashes":
        columns = (index.group(number, ["sha256"])["sha256"].to_pylist() for number in range(index.groups))
        digests = np.array([chance_of(sha256) for column in columns for sha256 in column], np.uint64)
        order = np.argsort(digests, kind="stable")
        return cls(index, digests[order], order)

    def row(self, sha256: str) -> dict[str, Any]:
        row = self.beginning(chance_of(sha256))
        if row.get("sha256") == sha256 and row["size"]:
            return row
        raise MissingError(f"{self.index.artifact.address} holds no picture {sha256[:16]}...")

    def beginning(self, digest: int) -> dict[str, Any]:
        """Return the row of the image whose hash begins so; empty if there is none."""
        place = int(np.searchsorted(self.digests, np.uint64(digest)))
        rows = self.index.rows(int(self.rows[place]), 1) if place < len(self.rows) else []
        return next((row for row in rows if chance_of(row["sha256"]) == digest), {})


def shown(data: bytes, side: int) -> tuple[bytes, str]:
    """Return a picture as a browser may show it, upright and on white, and its type.

    Raises:
        BadImageError: if it cannot be decoded.
    """
    pixels = ImageOps.exif_transpose(rgb(opened(data), side))
    if max(pixels.size) <= SMALL:
        return _encoded(_magnified(pixels), "png")
    pixels.thumbnail((side, side))
    return _encoded(pixels, "jpeg")


def _magnified(pixels: Image.Image) -> Image.Image:
    """Return a small picture so large that its pixels can be seen, each as it is."""
    factor = max(1, SIDES["small"] // max(pixels.size))
    return pixels.resize((pixels.width * factor, pixels.height * factor), Image.Resampling.NEAREST)


def _encoded(pixels: Image.Image, kind: str) -> tuple[bytes, str]:
    sink = io.BytesIO()
    pixels.save(sink, kind, quality=85)
    return sink.getvalue(), f"image/{kind}"
