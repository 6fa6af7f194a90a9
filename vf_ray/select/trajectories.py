"""Clusters of attention trajectories, after XMAS (arXiv 2510.01454).

How an instance's text attends to its image, followed over the checkpoints of a small tuning, tells
instances apart that move the model alike. Each cluster gives as many as any other, those first whose
attention has settled: they stand for their cluster.

Shapes: N instances, C checkpoints, V singular values of each
"""

import numpy as np

from vf_ray.select.k_means import Chunks, k_means
from vf_ray.select.ranking import Mask, Ranks, Reals, even, highest_of_each

VALUES = 5
"""Largest singular values of the attention from text to image that are followed."""


def trajectories(chunks: Chunks, hashes: Ranks, *, clusters: int, total: int) -> tuple[Reals, Mask]:
    """Return (N,) the negative instability of each instance, and which ``total`` are kept.

    ``chunks`` hold (n, C x V), checkpoint after checkpoint.
    """
    clustering = k_means(chunks, clusters, hashes)
    scores = -np.concatenate([instability(np.asarray(chunk)) for chunk in chunks])
    counts = even(clustering.sizes, total)
    return scores, highest_of_each(scores, hashes, np.maximum(clustering.labels, 0), counts)


def instability(rows: Reals, values: int = VALUES) -> Reals:
    """Return (n,) by how much the singular values change from checkpoint to checkpoint, all added up."""
    rows_nCV = rows.reshape(len(rows), -1, values).astype(np.float64)
    changes: Reals = np.abs(np.diff(rows_nCV, axis=1)).sum(axis=(1, 2))
    return changes
