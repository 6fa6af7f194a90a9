"""How far training moved a part of the model, seed by seed, told from the weights of the runs' models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from vf_ray import artifacts
from vf_ray.model.stored_weights import StoredWeights
from vf_ray.model.weight_change import ALL, WeightChange, weight_changes
from vf_ray.page.document import Block, Notes, Paragraph, Section
from vf_ray.page.tables import Table
from vf_ray.store import Store
from vf_ray.study.study import ComparedPart

FIRST = "base"
"""The model that the first stage but ``align`` starts from."""
ModelAddresses = Mapping[str, str]
"""Address of each model of a run, by its name, in the order of making."""
READ = (
    "Pearson r: over all pairs of a weight before and after; distance: length of what training added, over "
    "the length of what was there, in %. An r near 1 says that the part moved little beside what it was, not "
    "that it does the same: two models that were drawn apart have an r near 0. Of several seeds, the mean, "
    "and in brackets their standard deviation."
)


@dataclass(frozen=True, kw_only=True)
class PartChange:
    """How far one model of a run is from the one that training began with."""

    run: str
    model: str
    weights: str
    """A tensor's name, or ``all``."""
    seeds: Sequence[WeightChange]


def part_changes(
    part: ComparedPart, runs: Mapping[str, Sequence[ModelAddresses]], store: Store
) -> Iterator[PartChange]:
    """Yield what each model of each run changed, tensor by tensor; a model that runs share, once."""
    shown: set[tuple[str, ...]] = set()
    for run, seeds in runs.items():
        for model in seeds[0]:
            addresses = tuple(models[model] for models in seeds)
            if addresses not in shown and model != FIRST and seeds[0][model] != seeds[0][FIRST]:
                yield from _changes(store, part.module, run, model, seeds)
            shown.add(addresses)


def _changes(
    store: Store, module: str, run: str, model: str, seeds: Sequence[ModelAddresses]
) -> Iterator[PartChange]:
    own = {models[model]: models for models in seeds}.values()  # seeds may share it
    each = [_compared(store, models[FIRST], models[model], module) for models in own]
    for weights in each[0]:
        yield PartChange(run=run, model=model, weights=weights, seeds=[one[weights] for one in each])


def _compared(store: Store, before: str, after: str, module: str) -> Mapping[str, WeightChange]:
    first, second = (StoredWeights.of(artifacts.load(store, address)) for address in (before, after))
    return weight_changes(first, second, module)


def part_sections(part: ComparedPart | None, changes: Sequence[PartChange]) -> Iterator[Section]:
    """Yield the section, where there is anything to tell."""
    if part is None or not changes:
        return
    whole = [change for change in changes if change.weights == ALL]
    tensors = [change for change in changes if change.weights != ALL]
    paper = f" The paper has {part.published}, of its own models and data." if part.published else ""
    blocks: list[Block] = [
        Paragraph(words=f"{_answer(whole, part.module)}{paper}"),
        _table(whole, f"All of the {part.module}", named=False),
        _table(tensors, "Tensor by tensor", named=True),
        Notes(lines=[READ]),
    ]
    yield Section(title=f"How far the {part.module} moved", blocks=blocks)


def _answer(whole: Sequence[PartChange], module: str) -> str:
    rs = [seed.pearson for change in whole for seed in change.seeds]
    distances = [seed.distance for change in whole for seed in change.seeds]
    return (
        f"The {module} before training and after it: Pearson's r {_range(rs, 4)}; what training added is "
        f"{_range(_percent(distances), 1)} % as long as what was there."
    )


def _percent(shares: Sequence[float | None]) -> list[float | None]:
    return [share and 100 * share for share in shares]


def _range(values: Sequence[float | None], digits: int) -> str:
    numbers = [value for value in values if value is not None]
    low, high = (f"{end:.{digits}f}" for end in (min(numbers, default=0), max(numbers, default=0)))
    return low if low == high else f"{low} to {high}"


def _table(changes: Sequence[PartChange], caption: str, *, named: bool) -> Table:
    headers = ["run", "model", *(["weights"] if named else []), "values", "Pearson r", "distance %", "seeds"]
    rows = [
        [
            change.run, change.model, *([change.weights] if named else []), f"{change.seeds[0].values:,}",
            _cell([seed.pearson for seed in change.seeds], 5),
            _cell(_percent([seed.distance for seed in change.seeds]), 2), f"{len(change.seeds)}",
        ]
        for change in changes
    ]  # fmt: skip
    return Table(headers=headers, rows=rows, caption=caption, wide=(1, 2) if named else (1,))


def _cell(values: Sequence[float | None], digits: int) -> str:
    numbers = [value for value in values if value is not None]
    if not numbers:
        return "-"
    spread = f" ({stdev(numbers):.{digits}f})" if len(numbers) > 1 else ""
    return f"{fmean(numbers):.{digits}f}{spread}"
