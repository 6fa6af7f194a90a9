"""The section of a study's page on what later stages leave of what earlier ones taught."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, stdev

from vf_ray.page.document import Block, Notes, Section
from vf_ray.page.tables import Table
from vf_ray.study.retention import Retention
from vf_ray.study.study import TaughtGroup

READ = (
    "right answers in %, mean over seeds and, in brackets, the standard deviation among seeds. *: right "
    "after the stage that teaches the group.",
    "backward transfer: how much better the groups are at the end than right after their stage, in points, "
    "averaged over those that the last stage does not teach; below 0 is forgetting. Its interval is for "
    "other seeds and these items (Student's t).",
)


def retention_sections(
    groups: Mapping[str, TaughtGroup], retentions: Mapping[str, Retention]
) -> Iterator[Section]:
    """Yield the section, where there is anything to tell."""
    if retentions:
        tables: list[Block] = [_matrix(groups, variant, one) for variant, one in retentions.items()]
        blocks: list[Block] = [_transfers(retentions), *tables, Notes(lines=READ)]
        yield Section(title="What is kept", blocks=blocks)


def _transfers(retentions: Mapping[str, Retention]) -> Table:
    body = [[variant, *_transfer(one)] for variant, one in retentions.items()]
    headers = ("run", "backward transfer", "95% interval", "sd of seeds", "seeds")
    return Table(headers=headers, rows=body)


def _transfer(one: Retention) -> list[str]:
    if not one.transfer:
        return ["", "", "", ""]
    mean, seeds = f"{100 * fmean(one.transfer):+.2f}", f"{len(one.transfer)}"
    if one.interval is None:
        return [mean, "one seed", "-", seeds]
    low, high = one.interval
    return [mean, f"[{100 * low:+.1f}, {100 * high:+.1f}]", f"{100 * stdev(one.transfer):.2f}", seeds]


def _matrix(groups: Mapping[str, TaughtGroup], variant: str, one: Retention) -> Table:
    body = [
        [f"after {model}", *(_cell(values, groups[group].stage == model) for group, values in shares.items())]
        for model, shares in one.shares.items()
    ]
    return Table(headers=("", *groups), rows=body, caption=variant)


def _cell(values: Sequence[float], is_own: bool) -> str:
    spread = f" ({100 * stdev(values):.1f})" if len(values) > 1 else ""
    return f"{100 * fmean(values):.1f}{spread}{'*' if is_own else ''}"
