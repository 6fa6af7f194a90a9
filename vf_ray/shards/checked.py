"""Check the pictures of instances as they stream by."""

from functools import lru_cache

from vf_ray.instances.refs import each_of
from vf_ray.shards.decode import MOST_PIXELS, BadImageError
from vf_ray.shards.drawing import image
from vf_ray.sources.images import image_bytes
from vf_ray.types import Instance, OneImage, Reject, Tree

REMEMBERED = 65_536
"""Pictures whose verdict is kept: several instances of one picture mostly stand close together."""


class ImageCheck:
    """The pictures of one raw tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._fault = lru_cache(maxsize=REMEMBERED)(self._look)

    def checked(self, verdict: Instance | Reject) -> Instance | Reject:
        """Return the instance, or a reject that says what is wrong with its picture."""
        if isinstance(verdict, Reject):
            return verdict
        faults = map(self._fault, each_of(verdict.image))
        if (fault := next(filter(None, faults), None)) is None:
            return verdict
        reason, detail = fault
        return Reject(key=verdict.key, reason=reason, detail=detail, task=verdict.task)

    def _look(self, shown: OneImage) -> tuple[str, str] | None:
        try:
            image(shown, lambda path: image_bytes(self._tree, path), largest_side=MOST_PIXELS)
        except BadImageError as bad:
            return bad.reason, f"{shown}: {bad.detail}"
        return None
