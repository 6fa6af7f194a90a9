"""The verdicts on all images of a candidate as one: it can be used if each of them can.

Shapes: C candidates, V images that they show, one after the other
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vf_ray.instances.refs import refs_of
from vf_ray.shards.decode import NOTHING

USABLE, UNSEEN, BAD = 0, 1, 2


def joint(refs: Sequence[str], verdicts: pa.Table) -> Mapping[str, pa.Array]:
    """Return, for each candidate's ref, C lists of sha256, the lowest chance, and a reason and its detail.

    The reason is that of the first image that cannot be used; else null where one was not looked at.
    """
    # one row for each image of each candidate
    each = [refs_of(ref) for ref in refs]
    starts = np.cumsum([0, *map(len, each)])[:-1]
    flat = pa.array([one for several in each for one in several], pa.string())
    at = pc.index_in(flat, value_set=verdicts["ref"])
    columns = {n: verdicts[n].combine_chunks().take(at) for n in ("sha256", "chance", "reason", "detail")}
    # back to one row a candidate: the first bad image tells, and the lowest chance decides
    telling = _telling(columns["reason"], starts)
    chances = pc.fill_null(columns["chance"], np.iinfo(np.uint64).max).to_numpy()
    return {
        "shown": _shown(columns["sha256"], starts),
        "chance": pa.array(np.minimum.reduceat(chances, starts) if len(refs) else chances, pa.uint64()),
        **{name: columns[name].take(telling) for name in ("reason", "detail")},
    }


def _telling(reasons: pa.Array, starts: npt.NDArray[np.int64]) -> pa.Array:
    """Return (C,) which image's verdict is the candidate's: the first of the gravest."""
    bad = pc.fill_null(pc.not_equal(reasons, ""), False).to_numpy(zero_copy_only=False)
    grave = np.where(reasons.is_null().to_numpy(zero_copy_only=False), UNSEEN, np.where(bad, BAD, USABLE))
    if not len(starts):
        return pa.array([], pa.int64())
    sizes = np.diff([*starts, len(grave)])
    gravest = np.repeat(np.maximum.reduceat(grave, starts), sizes)
    places = np.flatnonzero(grave == gravest)
    return pa.array(places[np.searchsorted(places, starts)], pa.int64())


def _shown(sha256: pa.Array, starts: npt.NDArray[np.int64]) -> pa.Array:
    """Return (C,) lists of what is stored of each candidate's images; that of nothing is empty."""
    real = pc.fill_null(pc.not_equal(sha256, NOTHING), True).to_numpy(zero_copy_only=False)
    before = np.concatenate([[0], np.cumsum(real)])
    offsets = pa.array(before[[*starts, len(real)]], pa.int32())
    return pa.ListArray.from_arrays(offsets, sha256.filter(pa.array(real)))
