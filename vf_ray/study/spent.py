"""What each run of a study cost to train: samples it saw, and floating-point work by our own estimate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from vf_ray.page.document import Notes, Section
from vf_ray.page.tables import Table

READ = (
    "estimated work: six floating-point operations per parameter and token where its gradient is taken, four "
    "where one only passes, two where none does; of all real tokens, every image as if it were encoded for "
    "its sample alone. Answering and evaluating are not counted.",
    "own: of what not every run of the seed shares, such as an alignment.",
)
UNITS = ((1e18, "EFLOP"), (1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"))


@dataclass(frozen=True, kw_only=True)
class StageCost:
    """What the training of one stage took."""

    address: str
    """Of the model it made: the same one is counted once."""
    samples: int
    work: float
    """Floating-point operations, estimated."""


RunCosts = Mapping[str, Sequence[Sequence[StageCost]]]
"""By variant, of each seed: its stages."""


def cost_sections(costs: RunCosts) -> Iterator[Section]:
    """Yield the section, where anything was trained."""
    if not any(run for each in costs.values() for run in each):
        return
    shared = [_shared(costs, seed) for seed in range(max(len(each) for each in costs.values()))]
    rows = {variant: _means(each, shared) for variant, each in costs.items()}
    largest = max(row[1] for row in rows.values())
    scale, unit = next(((size, name) for size, name in UNITS if largest >= size), UNITS[-1])
    headers = ("run", "samples", f"estimated work, {unit}", "own samples", f"own work, {unit}")
    body = [
        [variant, *(f"{value:,.0f}" if n % 2 == 0 else f"{value / scale:.3g}" for n, value in enumerate(row))]
        for variant, row in rows.items()
    ]
    yield Section(title="What the runs cost", blocks=[Table(headers=headers, rows=body), Notes(lines=READ)])


def _shared(costs: RunCosts, seed: int) -> set[str]:
    """Return the models that every run of a seed has."""
    of_seed = [{stage.address for stage in each[seed]} for each in costs.values() if seed < len(each)]
    return set.intersection(*of_seed) if len(of_seed) > 1 else set()


def _means(each: Sequence[Sequence[StageCost]], shared: Sequence[set[str]]) -> tuple[float, ...]:
    """Return samples and work, then both of what is not shared, as means over seeds."""
    own = [
        [one for one in run if one.address not in of_all] for run, of_all in zip(each, shared, strict=False)
    ]
    return tuple(
        fmean(sum(getattr(stage, name) for stage in run) for run in runs)
        for runs in (each, own)
        for name in ("samples", "work")
    )
