"""Tar files that grow, each written straight into the target and ended at a size."""

import io
import tarfile
from contextlib import ExitStack
from pathlib import Path

from vf_ray.store import Store

TAR_BYTES = 512 << 20
"""Size at which a tar file ends and the next begins."""


class Tars:
    """``<stem>-<number>.tar``."""

    def __init__(self, target: Store, stem: str) -> None:
        self._target, self._stem = target, stem
        self._open = ExitStack()
        self._tar: tarfile.TarFile | None = None
        self._local = Path()
        self.names: list[str] = []
        """Of the files that are stored."""

    def add(self, name: str, data: bytes) -> None:
        """Append a member."""
        tar = self._tar or self._begin()
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))

    def roll(self) -> None:
        """End the file if it is large enough: what was added since the last call stays together."""
        if self._tar is not None and self._tar.offset >= TAR_BYTES:
            self.close()

    def close(self) -> None:
        """Store the file that has begun, if one has."""
        with self._open:
            if self._tar is not None:
                self._tar.close()
                name = f"{self._stem}-{len(self.names):05d}.tar"
                self._target.create_file(name, self._local)
                self.names.append(name)
                self._tar = None

    def _begin(self) -> tarfile.TarFile:
        self._local = self._open.enter_context(self._target.part())
        self._tar = self._open.enter_context(tarfile.TarFile(self._local, "w", format=tarfile.USTAR_FORMAT))
        return self._tar
