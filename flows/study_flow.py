"""A study as one Prefect flow, ``visionflan/study``: its runs, what they share built once, and its page."""

from functools import partial
from typing import Any

from prefect import flow
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from flows.show import where
from flows.state import told_in_state
from flows.study_runs import Planned, RunsToBuild, model_address
from vf_ray.artifacts import Artifact
from vf_ray.doctor.cost import cost
from vf_ray.doctor.rehearsal import Rehearsal
from vf_ray.doctor.spent import spent
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.store import Store
from vf_ray.study.artifact import StudyRuns, study_artifact
from vf_ray.study.runs import StudyRun, runs_of
from vf_ray.study.study import Study, load_study


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
    planned = rehearsal.plan if dry_run else partial(Plan.of, store=store)
    runs = runs_of(asked, asked.recipe, seeds or asked.seeds, overrides or {}, partial(_address, planned))
    todo = RunsToBuild.of(asked.recipe, _each(runs), planned)
    _show_cost(todo, store)
    if dry_run:
        print(rehearsal.text(), flush=True)
        return ""
    todo.build(store, at_once)
    asked = asked.asked_under(todo.runs[0].recipe)
    artifact = study_artifact(asked, runs, todo.plans, spent, store)
    _show(artifact, asked)
    return artifact.address


def _address(planned: Planned, recipe: Recipe, step: str) -> str:
    return model_address(planned(recipe), step)


def _show_cost(todo: RunsToBuild, store: Store) -> None:
    first = {name: begun.plan for name, begun in todo.begun_from.items()}
    last = {name: begun.model.model for name, begun in todo.begun_from.items()}
    table = cost({**first, **todo.plans}, store, last)
    print(f"{table.caption}:\n{table.text()}", flush=True)


def _each(runs: StudyRuns) -> list[StudyRun]:
    """Return all runs, the first seed of every variant before the second of any."""
    seeds = max(len(each) for each in runs.values())
    return [each[seed] for seed in range(seeds) for each in runs.values() if seed < len(each)]


def _show(artifact: Artifact, asked: Study) -> None:
    """Say what came out, in the terminal and in the Prefect run."""
    text, address = artifact.read("study.md").decode(), where(artifact, "study.html")
    create_markdown_artifact(text, key="study", description=asked.question or asked.name)
    create_link_artifact(address, "study.html", key="study-page")
    print(text)
    print(f"the page: {address}")
