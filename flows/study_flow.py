"""A study as one Prefect flow, ``visionflan/study``: its runs, what they share built once, and its page."""

import csv
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from prefect import flow
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.context import FlowRunContext

from flows.show import where
from flows.state import told_in_state
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.doctor.cost import cost
from vf_ray.doctor.rehearsal import Rehearsal
from vf_ray.doctor.spent import spent
from vf_ray.on_ray.cluster_variables import API_SERVER
from vf_ray.on_ray.dashboard import Dashboard
from vf_ray.plan.plan import Plan
from vf_ray.plan.run_records import STUDY
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe
from vf_ray.recipe.graph import BASE
from vf_ray.recipe.load import load_recipe
from vf_ray.recipe.strict import plain
from vf_ray.store import Store
from vf_ray.study.page import page, points, rows
from vf_ray.study.part_changes import part_changes
from vf_ray.study.results import results
from vf_ray.study.runs import MadeModel, StudyRun, runs_of
from vf_ray.study.study import Study, load_study

StudyRuns = Mapping[str, Sequence[StudyRun]]
Planned = Callable[[Recipe], Plan]


@flow(name="visionflan", flow_run_name="study {name}", log_prints=True)
@told_in_state
def study(
    name: str,
    recipe: str = "",
    seeds: int = 0,
    overrides: dict[str, Any] | None = None,
    at_once: int = 0,
    dry_run: bool = False,
) -> str:
    """Build what the runs of a study lack, and its page.

    Args:
        name: name of a study, or path of a YAML file.
        recipe: another recipe than the study's own.
        seeds: repetitions of each run; 0: as the study says.
        overrides: dotted keys and their values, for all runs alike.
        at_once: runs side by side; 0: as many as the cluster has room for, and one where there is none.
        dry_run: only say what would be built, what it would cost, and what is missing.

    Returns:
        The address of the study's page; empty after a dry run.

    Raises:
        UserError: for a study or a run that cannot work; before anything starts.
    """
    store, known = Store.open(), load_study(name)
    asked = known.under(recipe or known.recipe)
    rehearsal = Rehearsal(store)
    planned: Planned = rehearsal.plan if dry_run else partial(Plan.of, store=store)

    def address(made_by: Recipe, step: str) -> str:
        return _made(planned(made_by), step)

    runs = runs_of(asked, asked.recipe, seeds or asked.seeds, overrides or {}, address)
    plans = {run.name: planned(run.recipe) for run in _each(runs)}
    begun_from = _begun_from(asked.recipe, runs, plans, planned)
    first = {name: begun.plan for name, begun in begun_from.items()}
    last = {name: begun.model.model for name, begun in begun_from.items()}
    table = cost({**first, **plans}, store, last)
    print(f"{table.caption}:\n{table.text()}", flush=True)
    if dry_run:
        print(rehearsal.text(), flush=True)
        return ""
    at_once = at_once or _room(_each(runs))
    _run(asked.recipe, runs, plans, list(begun_from.values()), store, at_once)
    return _told(asked.asked_under(_each(runs)[0].recipe), runs, plans, store)


@dataclass(frozen=True)
class BegunFrom:
    """A model that runs start from and no run of the study makes."""

    model: MadeModel
    plan: Plan


def _begun_from(
    recipe: str, runs: StudyRuns, plans: Mapping[str, Plan], planned: Planned
) -> Mapping[str, BegunFrom]:
    """Return them by what people call them, each once."""
    known = {address for plan in plans.values() for one in plan.versions.values() for address in one}
    models: dict[str, BegunFrom] = {}
    for name, model in ((run.name, model) for run in _each(runs) for model in run.starts_from):
        plan = planned(load_recipe(recipe, model.under))
        address = _made(plan, model.model)
        if address not in known:
            models[f"{model.model}, for {name}"] = BegunFrom(model, plan)
        known.add(address)
    return models


def _room(runs: Sequence[StudyRun]) -> int:
    """Return how many runs, at least one, the cluster that steps are submitted to can have side by side."""
    cluster = Dashboard.from_environment()
    most = min(cluster.room_for(run.recipe.resources) for run in runs) if cluster else 1
    return max(1, min(most, len(runs)))


def _made(plan: Plan, step: str) -> str:
    return (plan.base if step == BASE else plan.tuned(step)).address


def _each(runs: StudyRuns) -> list[StudyRun]:
    """Return all runs, the first seed of every variant before the second of any."""
    seeds = max(len(each) for each in runs.values())
    return [each[seed] for seed in range(seeds) for each in runs.values() if seed < len(each)]


def _run(
    recipe: str, runs: StudyRuns, plans: Mapping[str, Plan], begun_from: Sequence[BegunFrom], store: Store,
    at_once: int,
) -> None:  # fmt: skip
    from vf_ray.on_ray.cluster import local_cluster

    due = [run for run in _each(runs) if plans[run.name].due("evaluate", store)]
    apart = {"resources.alone": False} if at_once > 1 else {}  # one process trains one model at a time
    with ExitStack() as stack:
        if due and not os.environ.get(API_SERVER) and not (due[0].recipe.resources.alone and not apart):
            stack.enter_context(local_cluster(due[0].recipe.resources))
        for begun in begun_from:
            if begun.plan.unfinished(begun.model.model, store):
                step = begun.model.model
                _build(f"{recipe}, {step}", recipe, {**begun.model.under, **apart}, step)
        for waits in (False, True):  # for models that others make
            _build_runs(recipe, [run for run in due if bool(run.starts_from) == waits], apart, at_once)


def _build_runs(recipe: str, due: Sequence[StudyRun], apart: Mapping[str, Any], at_once: int) -> None:
    """Build runs one after another, or side by side."""

    def build(run: StudyRun) -> None:
        print(f"\n{run.name}", flush=True)
        _build(run.name, recipe, {**run.overrides, **apart}, "evaluate")

    if at_once == 1:
        for run in due:
            build(run)
        return
    with ThreadPoolExecutor(at_once, "study") as pool:
        for done in [pool.submit(copy_context().run, build, run) for run in due]:  # Prefect's settings, too
            done.result()


def _build(name: str, recipe: str, overrides: Mapping[str, Any], until: str) -> None:
    """Run the chain as a flow of its own, whose prints are logged where the study's are."""
    from flows.visionflan import visionflan

    context = FlowRunContext.get()
    is_logged = bool(context and context.log_prints)
    run = visionflan.with_options(log_prints=is_logged, flow_run_name=lambda: name)
    run(recipe=recipe, overrides=dict(overrides), until=until)


def _told(asked: Study, runs: StudyRuns, plans: Mapping[str, Plan], store: Store) -> str:
    """Build the page, and say where it lies and what it says."""
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
        outcomes = results(asked, scores)
        models = {
            variant: [plans[run.name].graph.addresses for run in each] for variant, each in runs.items()
        }
        changes = list(part_changes(asked.part, models, store)) if asked.part else []
        costs = {v: [list(spent(plans[run.name], store)) for run in each] for v, each in runs.items()}
        document, table = page(asked, outcomes, runs, changes, costs), list(rows(outcomes))
        more = {"points": list(points(outcomes)), "part": [asdict(change) for change in changes]}
        data = {**document.plain(), "rows": table, **more}
        texts = {
            "study.html": document.html(), "study.md": document.markdown(), "study.csv": _csv(table),
            "study.json": json.dumps(data, indent=1, ensure_ascii=False) + "\n",
            **{f"{name}.svg": svg for name, svg in document.plots().items()},
        }  # fmt: skip
        for name, text in texts.items():
            writer.commit(name, text.encode())
        return {"runs": len(_each(runs)), "outcomes": len(outcomes.outcomes)}

    artifact = artifacts.build(store, spec, make)
    _show(artifact, asked)
    return artifact.address


def _show(artifact: Artifact, asked: Study) -> None:
    """Say what came out, in the terminal and in the Prefect run."""
    text, address = artifact.read("study.md").decode(), where(artifact, "study.html")
    create_markdown_artifact(text, key="study", description=asked.question or asked.name)
    create_link_artifact(address, "study.html", key="study-page")
    print(text)
    print(f"the page: {address}")


def _csv(table: Sequence[Mapping[str, object]]) -> str:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return sink.getvalue()
