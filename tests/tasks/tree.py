"""Miniature raw trees; what writes them is for extensions, too."""

from vf_ray.testing.files import (
    COLOURS,
    content,
    gzipped,
    json_lines,
    picture,
    pictures,
    write,
    write_merged,
    write_tarred,
    write_tarred_plainly,
    write_zipped,
)
from vf_ray.testing.files import Miniature as Files
from vf_ray.testing.files import Miniatures as Trees

__all__ = [
    "COLOURS", "Files", "Trees", "content", "gzipped", "json_lines", "picture", "pictures", "write",
    "write_merged", "write_tarred", "write_tarred_plainly", "write_zipped",
]  # fmt: skip
