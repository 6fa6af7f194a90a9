"""The report step: one self-contained page, and the same in Markdown and JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.question_sets import question_set
from vf_ray.page.document import Document, Gallery, GalleryItem, Section
from vf_ray.page.tables import Table
from vf_ray.plan.beside import Others
from vf_ray.plan.inputs import INSTANCES
from vf_ray.plan.reporting import MARKDOWN, PAGE, SUMMARY, Reporting
from vf_ray.plan.settled import MADE_OF, is_settled
from vf_ray.report import analyses, making, names, others, sections
from vf_ray.report.drawn import drawn
from vf_ray.report.findings import Findings, gather
from vf_ray.report.gallery import gallery
from vf_ray.store import Store


def report(store: Store, wanted: Reporting, beside: Others, *, force: bool = False) -> Artifact:
    """Return the report of a run, with what stands ``beside`` it.

    Raises:
        FileNotFoundError: if one of the artifacts it tells about is not finished.
    """

    def make(writer: Writer) -> Mapping[str, Any]:
        writer.progress(0, 3, "parts")
        findings = gather(store, wanted, beside)
        writer.progress(1, 3, "parts")
        question_sets: dict[str, QuestionSet] = {
            name: question_set(store, wanted.questions, name) for name in findings.benchmarks
        }
        shown = gallery(question_sets, findings.items, findings.learner)
        writer.progress(2, 3, "parts")
        _commit(writer, document(findings, shown), findings)
        writer.progress(3, 3, "parts")
        told_of = (wanted.scores.address, *beside.addresses)
        marks = {address: artifacts.load(store, address).mark for address in told_of}
        return {**asdict(findings.scores.learned), MADE_OF: marks}

    settled = is_settled(store, wanted.spec, beside.addresses)
    return artifacts.build(store, wanted.spec, make, force=force or not settled)


def document(findings: Findings, shown: list[GalleryItem]) -> Document:
    """Return the whole report as data."""
    parts = [
        sections.overview(findings),
        others.seeds(findings),
        others.people(findings),
        sections.tasks(findings),
        analyses.later_stages(findings),
        analyses.forgetting(findings),
        analyses.hallucination(findings),
        *(sections.benchmark(findings, name) for name in findings.benchmarks if name != INSTANCES),
        analyses.lengths(findings),
        Section(title="Answers", blocks=[Gallery(shown=shown)]) if shown else None,
        making.training(findings),
        drawn(findings),
        making.built(findings),
        making.lineage(findings),
    ]
    return Document(
        title=f"vf-ray: {findings.recipe}", about=findings.about, sections=[part for part in parts if part]
    )


def _commit(writer: Writer, page: Document, findings: Findings) -> None:
    data = {**page.plain(), "scores": findings.scores.plain()}
    files = {
        PAGE: page.html(),
        MARKDOWN: page.markdown(),
        "report.json": json.dumps(data, indent=1, ensure_ascii=False) + "\n",
        SUMMARY: summary(findings).text(),
        **{f"{name}.svg": svg for name, svg in page.plots().items()},
    }
    for name, text in files.items():
        writer.commit(name, text.encode())


SHOWN = 60
"""Characters of a reason that the last table of a run holds."""


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def summary(findings: Findings) -> Table:
    """Return the table that a run ends with."""
    rows = []
    for name in findings.benchmarks:
        for metric in list(findings.figures(name, findings.models[0]).headline)[:1]:
            values = [figures.headline[metric].value for figures in findings.of_all(name).values()]
            rows.append(
                [
                    f"{name}: {metric}",
                    *[sections.written(value, metric, max(values)) for value in values],
                ]
            )
        for what, cells in sections.unusable(findings, name).items():
            rows.append([f"{name}: {what} not usable", *[_short(cell) for cell in cells]])
    if findings.scores.verdicts:
        count, left = sections.learned(findings)
        rows.append([f"tasks learned: {count}{left and f'; {left}'}", *[""] * len(findings.models)])
    return Table(headers=["benchmark", *map(names.model, findings.models)], rows=rows)
