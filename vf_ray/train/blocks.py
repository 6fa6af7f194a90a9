"""Parts of a large stored file, checked block by block: who needs a hundredth of it fetches that.

What is fetched lies in a local file as long as the stored one, at the same places, with holes elsewhere,
so that whatever reads the format reads it there.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from vf_ray.errors import UserError
from vf_ray.store import Store

BLOCK = 512 << 10
"""Bytes that one checksum stands for."""
RUN = 32
"""Neighbouring blocks that one request fetches at most."""
DIGITS = 16
"""Hexadecimal digits that are kept of a block's SHA-256."""


@dataclass(frozen=True)
class BlockSums:
    """What is known of a stored file."""

    size: int
    digests: str
    """Of each block, ``DIGITS`` after ``DIGITS``."""

    @classmethod
    def of(cls, local: Path) -> "BlockSums":
        """Read a file."""
        with local.open("rb") as file:
            digests = [_digest(block) for block in iter(lambda: file.read(BLOCK), b"")]
        return cls(local.stat().st_size, "".join(digests))

    def digest(self, block: int) -> str:
        """Return the checksum of a block."""
        return self.digests[block * DIGITS : (block + 1) * DIGITS]


@dataclass(frozen=True)
class BlockRun:
    """Neighbouring blocks of a stored file, and the local file that they are for."""

    store: Store
    path: str
    blocks: BlockSums
    first: int
    end: int
    local: Path

    def fetch(self) -> int:
        """Put the blocks into the local file, which there is; return how many bytes they are.

        Raises:
            UserError: if a block is not what was stored.
        """
        start, stop = self.first * BLOCK, min(self.end * BLOCK, self.blocks.size)
        data = self.store.read_range(self.path, start, stop - start)
        # each block as it was published, before anything of it is read
        for block in range(self.first, self.end):
            at = block * BLOCK - start
            if _digest(data[at : at + BLOCK]) != self.blocks.digest(block):
                raise UserError(f"{self.store.at(self.path)}: altered since it was stored, at {start + at}")
        with self.local.open("r+b") as file:
            os.pwrite(file.fileno(), data, start)
        return len(data)


def runs(
    store: Store, path: str, blocks: BlockSums, spans: Iterable[tuple[int, int]], local: Path
) -> Iterator[BlockRun]:
    """Yield the blocks that hold the ``spans``, which are (start, end) in bytes; each block once."""
    wanted = sorted({n for start, end in spans for n in range(start // BLOCK, -(-end // BLOCK))})
    for _, together in groupby(enumerate(wanted), key=lambda at: at[1] - at[0]):
        numbers = [number for _, number in together]
        for first in range(numbers[0], numbers[-1] + 1, RUN):
            yield BlockRun(store, path, blocks, first, min(first + RUN, numbers[-1] + 1), local)


def _digest(block: bytes) -> str:
    return hashlib.sha256(block).hexdigest()[:DIGITS]
