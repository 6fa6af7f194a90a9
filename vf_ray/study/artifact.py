"""A study's page as an artifact: the same as HTML, Markdown, JSON and CSV, and its plots as files."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.plan.plan import Plan
from vf_ray.plan.run_records import STUDY
from vf_ray.plan.versions import CODE
from vf_ray.recipe.strict import plain
from vf_ray.store import Store
from vf_ray.study.page import page, points, rows
from vf_ray.study.part_changes import part_changes
from vf_ray.study.results import ScoresByRun, results
from vf_ray.study.runs import StudyRun
from vf_ray.study.spent import StageCost
from vf_ray.study.study import Study

StudyRuns = Mapping[str, Sequence[StudyRun]]
"""Runs of each variant, one a seed."""
Spent = Callable[[Plan, Store], Iterable[StageCost]]
"""Tells what the stages of a finished run took."""


def study_artifact(
    asked: Study, runs: StudyRuns, plans: Mapping[str, Plan], spent: Spent, store: Store
) -> Artifact:
    """Build a study's page from the scores of its runs, or find it built.

    Raises:
        UserError: if a run was not asked an outcome's benchmark, or runs share no item.
        FileNotFoundError: if a run is not finished.
    """
    scores = {
        variant: [artifacts.load(store, plans[run.name].scores.address) for run in each]
        for variant, each in runs.items()
    }
    inputs = {
        f"{variant}, {n}": run.address for variant, each in scores.items() for n, run in enumerate(each)
    }
    config = {key: value for key, value in plain(asked).items() if key not in ("values", "runs", "axes")}
    spec = Spec(kind=STUDY, name=asked.name, config=config, inputs=inputs, code=CODE[STUDY])

    def make(writer: Writer) -> Mapping[str, Any]:
        for name, text in _files(asked, runs, plans, scores, spent, store).items():
            writer.commit(name, text.encode())
        return {"runs": sum(map(len, runs.values())), "outcomes": len(asked.outcomes)}

    return artifacts.build(store, spec, make)


def _files(
    asked: Study, runs: StudyRuns, plans: Mapping[str, Plan], scores: ScoresByRun, spent: Spent, store: Store
) -> Mapping[str, str]:
    """Return the text of each file."""
    outcomes = results(asked, scores)
    models = {variant: [plans[run.name].graph.addresses for run in each] for variant, each in runs.items()}
    changes = list(part_changes(asked.part, models, store)) if asked.part else []
    costs = {v: [list(spent(plans[run.name], store)) for run in each] for v, each in runs.items()}
    document, table = page(asked, outcomes, runs, changes, costs), list(rows(outcomes))
    more = {"points": list(points(outcomes)), "part": [asdict(change) for change in changes]}
    data = {**document.plain(), "rows": table, **more}
    return {
        "study.html": document.html(), "study.md": document.markdown(), "study.csv": _csv(table),
        "study.json": json.dumps(data, indent=1, ensure_ascii=False) + "\n",
        **{f"{name}.svg": svg for name, svg in document.plots().items()},
    }  # fmt: skip


def _csv(table: Sequence[Mapping[str, object]]) -> str:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return sink.getvalue()
