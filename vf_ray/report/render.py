"""The report step: one self-contained page, and the same in Markdown and JSON."""

import json
from collections.abc import Mapping
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.question_sets import question_set
from vf_ray.page.document import Document, Gallery, GalleryItem, Section
from vf_ray.page.tables import Table
from vf_ray.plan.inputs import INSTANCES
from vf_ray.plan.plan import Plan
from vf_ray.plan.settled import MADE_OF, is_settled
from vf_ray.report import analyses, making, names, sections
from vf_ray.report.findings import Findings, gather
from vf_ray.report.gallery import gallery
from vf_ray.store import Store


def report(store: Store, plan: Plan, *, force: bool = False) -> Artifact:
    """Return the report of a run.

    Raises:
        FileNotFoundError: if one of the artifacts it tells about is not finished.
    """

    def make(writer: Writer) -> Mapping[str, Any]:
        writer.progress(0, 3, "parts")
        found = gather(store, plan)
        writer.progress(1, 3, "parts")
        question_sets: dict[str, QuestionSet] = {
            name: question_set(store, plan.questions, name) for name in found.scores["benchmarks"]
        }
        shown = gallery(question_sets, found.items)
        writer.progress(2, 3, "parts")
        _commit(writer, document(found, shown), found)
        writer.progress(3, 3, "parts")
        mark = artifacts.load(store, plan.scores.address).mark
        return {**found.scores["learned"], MADE_OF: {plan.scores.address: mark}}

    return artifacts.build(store, plan.report, make, force=force or not is_settled(store, plan.report))


def document(found: Findings, shown: list[GalleryItem]) -> Document:
    """Return the whole report as data."""
    parts = [
        sections.overview(found),
        sections.tasks(found),
        analyses.stage_two(found),
        analyses.forgetting(found),
        analyses.hallucination(found),
        *(sections.benchmark(found, name) for name in found.scores["benchmarks"] if name != INSTANCES),
        analyses.lengths(found),
        Section(title="Answers", blocks=[Gallery(shown=shown)]) if shown else None,
        making.training(found),
        making.built(found),
        making.lineage(found),
    ]
    return Document(
        title=f"vf-ray: {found.recipe}", about=found.about, sections=[part for part in parts if part]
    )


def _commit(writer: Writer, made: Document, found: Findings) -> None:
    data = {**made.plain(), "scores": found.scores}
    files = {
        "report.html": made.html(),
        "report.md": made.markdown(),
        "report.json": json.dumps(data, indent=1, ensure_ascii=False) + "\n",
        "summary.txt": summary(found).text(),
        **{f"{name}.svg": svg for name, svg in made.plots().items()},
    }
    for name, text in files.items():
        writer.commit(name, text.encode())


SHOWN = 60
"""Characters of a reason that the last table of a run holds."""


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def summary(found: Findings) -> Table:
    """Return the table that a run ends with."""
    rows = []
    for name in found.scores["benchmarks"]:
        for metric in list(found.figures(name, found.models[0])["headline"])[:1]:
            values = [found.figures(name, m)["headline"][metric]["value"] for m in found.models]
            rows.append(
                [
                    f"{name}: {metric}",
                    *[sections.written(value, metric, max(values)) for value in values],
                ]
            )
        for what, cells in sections.unusable(found, name).items():
            rows.append([f"{name}: {what} not usable", *[_short(cell) for cell in cells]])
    if found.scores["verdicts"]:
        count, left = sections.learned(found)
        rows.append([f"tasks learned: {count}{left and f'; {left}'}", *[""] * len(found.models)])
    return Table(headers=["benchmark", *map(names.model, found.models)], rows=rows)
