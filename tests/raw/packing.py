"""Write archives with odd members."""

import io
import tarfile
import zipfile
from pathlib import Path

from vf_ray.raw.tree import RawTree
from vf_ray.types import Raw

PHOTOS = Raw(name="photos", obtain="Put photos.zip here.")
Member = tuple[str, bytes, str]
"""Name, tar type, link target or content."""
FILE, HARD, SOFT = tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE


def tar(path: Path, *members: Member) -> RawTree:
    """Write a tar, and return the tree of its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, kind, text in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "" if kind == FILE else text
            member.size = len(text) if kind == FILE else 0
            archive.addfile(member, io.BytesIO(text.encode()))
    return RawTree.of(str(path.parent), (PHOTOS,))


def zipped(path: Path, *members: Member) -> RawTree:
    """Write a zip that tells each member's kind as Unix does, and return the tree of its folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind, text in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o120777 if kind == SOFT else 0o100644) << 16
            archive.writestr(info, text)
    return RawTree.of(str(path.parent), (PHOTOS,))
