"""Several runs of one benchmark in one table: means, seeds and items apart, tests against a baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError, near
from vf_ray.eval.benchmarks import get
from vf_ray.eval.counting import graded
from vf_ray.eval.scores import read_items
from vf_ray.page.tables import Table
from vf_ray.study.compare import PairedComparison, compare, holm, seed_error
from vf_ray.study.measures import AnswerMeasure, measured
from vf_ray.study.spread import SeedSpread, Values, spread

Runs = Mapping[str, Sequence[Values]]
"""Name of a variant to its runs, one a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """What several variants gave."""

    spreads: Mapping[str, SeedSpread]
    comparisons: Mapping[str, PairedComparison]
    """Of each variant but the baseline."""
    corrected: Mapping[str, float]
    """Their p values after Holm."""
    baseline: str
    against: Mapping[str, str]
    """What each variant but the baseline is compared with: the baseline, or another one."""


def values_of(
    scores: Artifact, benchmark: str, model: str, only: Sequence[str] = (), measure: AnswerMeasure = "score",
    names: Sequence[str] = (),
) -> Values:  # fmt: skip
    """Return a model's value of each unit of a benchmark, as the benchmark compares models, or of each text.

    ``only`` are patterns of the categories that count; empty: all do.

    Raises:
        UserError: if the scores hold no such model, benchmark or category; names those that are there.
    """
    items = graded(read_items(scores, benchmark, model))
    chosen = [item for item in items if not only or any(fnmatchcase(item.category, one) for one in only)]
    if items and not chosen:
        known = sorted({item.category for item in items})
        raise UserError(f"no question of {benchmark} is of {', '.join(only)}; {near(only[0], known)}")
    if measure != "score":
        return measured(chosen, measure, names)
    return {item.id: item.value for item in get(benchmark).units(chosen)}


def joint(runs: Runs, baseline: str, others: Mapping[str, str] = {}, outcomes: int = 1) -> Joint:
    """Return the spread of each variant, and its comparison with the baseline.

    ``others`` names the variants that are compared with another one, and with which. What could have been
    found is told for as many ``outcomes`` being tested.

    Raises:
        UserError: if the baseline is none of the variants, or runs share no item.
    """
    if baseline not in runs:
        raise UserError(f"the baseline {baseline!r} is no run; {near(baseline, runs)}")
    common = seed_error(list(runs.values()))
    against = {name: others.get(name, baseline) for name in runs if name != baseline}
    tests_made = outcomes * len(against)
    comparisons = {
        name: compare(runs[name], runs[other], common, tests_made=tests_made)
        for name, other in against.items()
    }
    return Joint(
        spreads={name: spread(of) for name, of in runs.items()}, comparisons=comparisons, against=against,
        corrected=holm({name: comparison.p for name, comparison in comparisons.items()}), baseline=baseline,
    )  # fmt: skip


def table(several: Joint, caption: str) -> Table:
    """Return one row for each variant, in per cent."""
    headers = ("run", "mean %", "seeds", "items", "sd of seeds", "for other items", "difference", "p (Holm)",
               "verdict")  # fmt: skip
    rows = [_row(several, name) for name in several.spreads]
    return Table(headers=headers, rows=rows, caption=caption, wide=(8,))


def _row(several: Joint, name: str) -> list[str]:
    one = several.spreads[name]
    deviation = "one seed" if one.seed_sd is None else f"{100 * one.seed_sd:.2f}"
    low, high = one.item_interval
    row = [name, f"{100 * one.mean:.2f}", str(one.seeds), f"{one.items:,}", deviation]
    row.append(f"[{100 * low:.1f}, {100 * high:.1f}]")
    if name == several.baseline:
        return [*row, "", "", "baseline"]
    against, p = several.comparisons[name], several.corrected[name]
    interval = f"{100 * against.difference:+.2f} [{100 * against.low:+.1f}, {100 * against.high:+.1f}]"
    return [*row, interval, f"{p:.3g}", _verdict(against, p)]


def _verdict(against: PairedComparison, p: float) -> str:
    words = against.verdict(p).replace(f"{against.detectable:.3g}", f"{100 * against.detectable:.1f} points")
    return words if against.seeds > 1 else f"{words}; one seed: run-to-run noise is not known"
