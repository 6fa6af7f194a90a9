"""Stored images that look like one, where ``vf-ray quality`` or ``contamination`` has hashed its source."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from vf_ray.artifacts import Artifact
from vf_ray.quality.looks import Seen, hashed
from vf_ray.quality.perceptual import RADIUS, distance, of_one_colour
from vf_ray.quality.prepared import image_id

KEPT = 2
"""Sources whose hashes are in memory: about 40 bytes an image."""


@dataclass(frozen=True)
class AlikeImage:
    """Another image of the same source."""

    id: int
    """What its SHA-256 begins with, 64 bits."""
    bits: int
    """In which their hashes differ, of 256."""


@dataclass
class AlikeFinder:
    """Finds images that look alike."""

    _seen: OrderedDict[str, Seen] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, images: Artifact, sha256: str) -> list[AlikeImage] | None:
        """Return the images that look like one, the closest first; None where nobody has hashed them."""
        seen = self._hashes(images)
        number = np.uint64(image_id(sha256))
        if seen is None or number not in seen.ids:
            return None
        one = seen.of(np.array([number], np.uint64))
        bits = distance(seen.looks.hashes, one.hashes)
        near = (bits <= RADIUS) & of_one_colour(seen.looks, one) & seen.looks.telling & one.telling
        rows = np.flatnonzero(near & (seen.ids != number))
        order = rows[np.argsort(bits[rows], kind="stable")]
        return [AlikeImage(int(seen.ids[row]), int(bits[row])) for row in order]

    def _hashes(self, images: Artifact) -> Seen | None:
        with self._lock:
            seen = self._seen.get(images.mark) or hashed(images)
            if seen is not None:
                self._seen[images.mark] = seen
                self._seen.move_to_end(images.mark)
            if len(self._seen) > KEPT:
                self._seen.popitem(last=False)
            return seen
