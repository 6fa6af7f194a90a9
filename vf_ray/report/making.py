"""The sections on how a model was made: its training, its data, and the addresses of both."""

from vf_ray.page import plots
from vf_ray.page.document import Block, Notes, Paragraph, Plot, Section
from vf_ray.page.tables import Table
from vf_ray.report import names
from vf_ray.report.findings import Findings
from vf_ray.report.watched import watched


def training(findings: Findings) -> Section | None:
    """Return the stages: sizes, losses, curves."""
    if not findings.stages:
        return None
    rows = [
        [
            names.stage(s.name), ", ".join(s.tuned), f"{s.tasks:,}", f"{s.stats['steps']:,}",
            f"{s.stats['samples']:,}", f"{s.stats['tokens']:,}", f"{s.stats['first_loss']:.3f}",
            f"{s.stats['last_loss']:.3f}",
        ]
        for s in findings.stages
    ]  # fmt: skip
    headers = ["stage", "tuned", "tasks", "steps", "samples", "tokens", "first loss", "last loss"]
    curves = [
        plots.Series(name=names.stage(s.name), colour=findings.colour(s.name), x=s.steps, y=s.losses)
        for s in findings.stages
    ]
    drawn = plots.lines(curves, x_label="step", y_label="loss per label token")
    blocks: list[Block] = [
        Table(headers=headers, rows=rows, wide=(1,)),
        Plot(name="loss", drawing=drawn, caption="Training loss; bold: running mean."),
    ]
    return Section(title="Training", blocks=[*blocks, *watched(findings)])


def built(findings: Findings) -> Section:
    """Return the tasks as prepared: counts, and rejects by reason."""
    rows = [
        [
            b.task, b.group, b.category, b.licence, f"{b.train:,}", f"{b.held_out:,}", f"{b.examined:,}",
            "; ".join(f"{count:,} {reason}" for reason, count in b.rejected.items()) or "none",
        ]
        for b in findings.built
    ]  # fmt: skip
    headers = ["task", "group", "category", "licence", "to train", "held out", "examined",
               "rejected, by reason"]  # fmt: skip
    train, held_out = sum(b.train for b in findings.built), sum(b.held_out for b in findings.built)
    groups = len({b.group for b in findings.built})
    words = f"{len(findings.built)} tasks in {groups} groups: {train:,} to train, {held_out:,} held out."
    return Section(
        title="What was built",
        blocks=[Paragraph(words=words), Table(headers=headers, rows=rows, wide=(1, 2, 3, 7))],
    )


def lineage(findings: Findings) -> Section:
    """Return the address of everything the figures rest on."""
    rows = [[step, address] for step, address in findings.lineage]
    rows += [["answers", address] for address in sorted(findings.scores.answers.values())]
    rows += [["judged", address] for address in sorted(findings.scores.judged.values())]
    note = "How long each step took stands in its manifest.json, under run, and in vf-ray runs show."
    blocks: list[Block] = [Table(headers=["step", "artifact"], rows=rows, wide=(1,)), Notes(lines=[note])]
    return Section(title="Lineage", blocks=blocks)
