"""What each stage drew of the data: instances by group and by task, repeated, thinned or replayed."""

from collections import Counter
from collections.abc import Callable, Mapping

from vf_ray.page.document import Block, Notes, Paragraph, Section
from vf_ray.page.tables import Table
from vf_ray.report import names
from vf_ray.report.findings import Findings, Trained


def drawn(findings: Findings) -> Section | None:
    """Return how many instances of each group and task a pass of each stage goes over."""
    if not findings.stages:
        return None
    groups = {one.task: one.group for one in findings.built}
    blocks: list[Block] = [
        Paragraph(
            words="Instances that one pass of each stage goes over, and their share; repetitions count."
        ),
        _table(findings, "group", groups.__getitem__),
        _table(findings, "task", str),
    ]
    notes = [note for stage in findings.stages if (note := _mixed(stage))]
    return Section(title="Data of the stages", blocks=[*blocks, *([Notes(lines=notes)] if notes else [])])


def _table(findings: Findings, what: str, unit: Callable[[str], str]) -> Table:
    columns = {stage.name: _counts(stage.data["tasks"], unit) for stage in findings.stages}
    units = sorted({one for counts in columns.values() for one in counts})
    rows = [[one, *(_cell(counts[one], counts.total()) for counts in columns.values())] for one in units]
    rows.append(["all", *(f"{counts.total():,}" for counts in columns.values())])
    return Table(headers=[what, *map(names.stage, columns)], rows=rows)


def _counts(tasks: Mapping[str, int], unit: Callable[[str], str]) -> Counter[str]:
    counts = Counter[str]()
    for task, count in tasks.items():
        counts[unit(task)] += count
    return counts


def _cell(count: int, whole: int) -> str:
    return f"{count:,} ({100 * count / whole:.1f} %)" if count else "-"


def _mixed(stage: Trained) -> str:
    """Say what a stage repeats, thins or replays; nothing where it takes its instances as they are."""
    data = stage.data
    if "replayed" not in data:
        return ""
    whole, there = data["instances"], sum(data["there"].values())
    notes = [
        f"{data['repeated']:,} of {whole:,} instances are repetitions; {there:,} were there of its tasks"
    ]
    notes += [
        f"{count:,} ({100 * count / whole:.1f} %) are replayed from {names.stage(other)}"
        for other, count in data["replayed"].items()
    ]
    return f"{names.stage(stage.name)}: {'; '.join(notes)}"
