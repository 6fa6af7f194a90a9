"""What a run keeps of what each of its stages taught: a matrix of stage by group of tasks, backward transfer.

Backward transfer after GEM (arXiv 1706.08840): how much better the groups are at the end than right after the
stage that taught them, averaged over all groups but those of the last stage; below 0 is forgetting.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy import stats

from vf_ray.artifacts import Artifact
from vf_ray.eval.scores import read
from vf_ray.study.joint import values_of
from vf_ray.study.study import TaughtGroup


@dataclass(frozen=True, kw_only=True)
class Retention:
    """What one variant keeps, over its seeds."""

    shares: Mapping[str, Mapping[str, Sequence[float]]]
    """Right answers by model, in the order of making, and group, one a seed."""
    transfer: Sequence[float]
    """Backward transfer of each seed; empty where nothing was taught before the last stage."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95% interval of the mean transfer for other seeds (Student's t); None with one seed."""
        if len(self.transfer) < 2:
            return None
        error = stdev(self.transfer) / math.sqrt(len(self.transfer))
        half = float(stats.t.ppf(0.975, len(self.transfer) - 1)) * error
        return fmean(self.transfer) - half, fmean(self.transfer) + half


def retention(groups: Mapping[str, TaughtGroup], scores: Sequence[Artifact]) -> Retention:
    """Return what the runs of one variant keep; every model of theirs answered the tasks.

    Raises:
        UserError: if a model was not asked, or no task is of a group.
    """
    seeds = [_shares(groups, one) for one in scores]
    shares = {
        model: {group: [seed[model][group] for seed in seeds] for group in groups} for model in seeds[0]
    }
    return Retention(shares=shares, transfer=[change for seed in seeds for change in _transfer(groups, seed)])


def _shares(groups: Mapping[str, TaughtGroup], scores: Artifact) -> dict[str, dict[str, float]]:
    return {
        model: {
            name: fmean(values_of(scores, "tasks", model, group.only).values())
            for name, group in groups.items()
        }
        for model in read(scores).models
    }


def _transfer(groups: Mapping[str, TaughtGroup], shares: Mapping[str, Mapping[str, float]]) -> list[float]:
    """Return the backward transfer of one seed, or nothing."""
    *earlier, last = shares
    changes = [
        shares[last][name] - shares[group.stage][name]
        for name, group in groups.items()
        if group.stage in earlier
    ]
    return [fmean(changes)] if changes else []
