"""K-means over features that lie in chunks on disk: deterministic, and no more in memory than a block.

Shapes: N rows, D features, K clusters, B rows of a block
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vf_ray.instances.chance import SPAN, rank
from vf_ray.select.ranking import Counts, Mask, Ranks

Floats32 = npt.NDArray[np.floating]
Chunks = Sequence[Floats32]
"""(n, D) each, memory-mapped where they are large: together N rows."""
BLOCK = 4096
SEEDING = 8
"""Rows for each cluster among which the first centres are chosen."""


@dataclass(frozen=True)
class Clusters:
    """What K-means found."""

    labels: Counts
    """(N,): the cluster of each row; -1 for one without features (NaN)."""
    centres: npt.NDArray[np.float32]
    """(K, D)"""

    @property
    def sizes(self) -> Counts:
        """Return (K,) how many rows each has."""
        counted: Counts = np.bincount(self.labels[self.labels >= 0], minlength=len(self.centres))
        return counted


def k_means(
    chunks: Chunks, count: int, hashes: Ranks, *, spherical: bool = False, rounds: int = 50
) -> Clusters:
    """Return ``count`` clusters, or as many as there are rows with features.

    Lloyd's rounds until nothing changes, from centres that are seeded by k-means++ (Arthur and Vassilvitskii
    2007) over rows of lowest hash. ``spherical`` clusters directions: rows and centres have length 1
    (Dhillon and Modha 2001). A cluster that runs empty takes the row that is farthest from its own centre.
    """
    usable = np.concatenate([~np.isnan(chunk).any(axis=1) for chunk in chunks])
    count = min(count, int(usable.sum()))
    centres = _seeded(_taken(chunks, _lowest(hashes, usable, SEEDING * count), spherical), count, hashes)
    labels = np.full(len(usable), -1, np.int64)
    # until nothing moves
    for _ in range(rounds):
        before, (labels, moved) = labels, _round(chunks, centres, spherical)
        if np.array_equal(labels, before):
            break
        centres = moved
    return Clusters(labels, centres.cpu().numpy())


def blocks(chunks: Chunks, spherical: bool = False) -> Iterator[Tensor]:
    """Yield (B, D) fp32 of all rows, in order, where they are computed with."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for chunk in chunks:
        for start in range(0, len(chunk), BLOCK):
            rows_BD = torch.from_numpy(np.array(chunk[start : start + BLOCK], np.float32)).to(device)
            yield torch.nn.functional.normalize(rows_BD, dim=1) if spherical else rows_BD


def _lowest(hashes: Ranks, usable: Mask, count: int) -> Counts:
    rows = np.flatnonzero(usable)
    return np.sort(rows[np.argsort(hashes[rows], kind="stable")[:count]])


def _taken(chunks: Chunks, rows: Counts, spherical: bool) -> Tensor:
    """Return some rows, in memory."""
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks)])
    of = np.searchsorted(starts, rows, side="right") - 1
    picked = [chunks[n][rows[of == n] - starts[n]] for n in np.unique(of)]
    return torch.cat(list(blocks(picked, spherical)))


def _seeded(sample: Tensor, count: int, hashes: Ranks) -> Tensor:
    """Return (K, D): rows of the sample, each drawn by its squared distance to those before it."""
    chosen, key = [0], str(int(hashes.min()))
    near_n = _squared(sample, sample[:1])[:, 0]
    # k-means++: far from what is chosen with a chance by distance, drawn by hash
    for number in range(1, count):
        sums_n = near_n.double().cumsum(0)
        draw = rank("centre", key, str(number)) / SPAN * float(sums_n[-1])
        chosen.append(min(int(torch.searchsorted(sums_n, draw, right=True)), len(sample) - 1))
        near_n = torch.minimum(near_n, _squared(sample, sample[chosen[-1], None])[:, 0])
    return sample[chosen]


def _round(chunks: Chunks, centres_KD: Tensor, spherical: bool) -> tuple[Counts, Tensor]:
    """Return the cluster of each row, and the centres of those clusters."""
    sums_KD, sizes_K = torch.zeros_like(centres_KD), torch.zeros(len(centres_KD), device=centres_KD.device)
    labels: list[Counts] = []
    far_row, far = centres_KD[0], -1.0
    # each to its nearest centre, chunk by chunk
    for rows_BD in blocks(chunks, spherical):
        near_B, label_B = _squared(rows_BD, centres_KD).min(dim=1)
        usable_B = ~torch.isnan(near_B)
        sums_KD.index_add_(0, label_B[usable_B], rows_BD[usable_B])
        sizes_K += torch.bincount(label_B[usable_B], minlength=len(centres_KD))
        labels.append(torch.where(usable_B, label_B, -1).cpu().numpy())
        if usable_B.any() and float(near_B[usable_B].max()) > far:
            far = float(near_B[usable_B].max())
            far_row = rows_BD[usable_B][near_B[usable_B].argmax()]
    # an empty cluster takes the row that lies farthest from its own
    means_KD = sums_KD / sizes_K.clamp(min=1)[:, None]
    empty = (sizes_K == 0).nonzero()[:1, 0]  # one a round: two would take the same row
    means_KD = torch.where(sizes_K[:, None] > 0, means_KD, centres_KD)
    means_KD[empty] = far_row
    moved_KD = torch.nn.functional.normalize(means_KD, dim=1) if spherical else means_KD
    return np.concatenate(labels), moved_KD


def _squared(rows_BD: Tensor, centres_KD: Tensor) -> Tensor:
    """Return (B, K) squared distances; NaN where a row has none."""
    cross_BK = rows_BD @ centres_KD.T
    squares_BK = (rows_BD**2).sum(1)[:, None] + (centres_KD**2).sum(1)[None]
    return (squares_BK - 2 * cross_BK).clamp(min=0)
