"""``vf-ray redundancy``: which tasks of a run say the same, and the runs that tell whether they may go."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from vf_ray.cli.app import show, show_json, write
from vf_ray.cli.plans import Overrides, RecipeName, StoreUrl, planned, setting
from vf_ray.errors import near, require

if TYPE_CHECKING:
    from vf_ray.eval.benchmark import Item
    from vf_ray.plan.plan import Plan
    from vf_ray.select.redundancy_page import Likeness
    from vf_ray.store import Store


def redundancy(
    recipe: RecipeName,
    override: Overrides = None,
    store: StoreUrl = None,
    model: Annotated[str, typer.Option(help="Whose answers; default: the last evaluated model.")] = "",
    stage: Annotated[str, typer.Option(help="Whose tasks may go.")] = "stage1",
    gradients: Annotated[bool, typer.Option(help="Compare their gradients, too; measured here.")] = False,
    transfer: Annotated[
        bool, typer.Option(help="Compare what a short tuning on each gains on all; measured here.")
    ] = False,
    steps: Annotated[
        int, typer.Option(min=1, help="Of that short tuning, where the stage's own selection says nothing.")
    ] = 100,
    per_task: Annotated[
        int, typer.Option(min=0, help="Instances of each task to measure by; 0: all that the stage may take.")
    ] = 0,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Likeness from which tasks stand for each other.")
    ] = 0.5,
    page: Annotated[Path | None, typer.Option(help="Write one page to look at.")] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Write, as YAML, the runs without redundant tasks and at random.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Of those runs.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Compare the tasks of a finished run: by their answers about the same held-out images.

    What is redundant, and what runs leave out, goes by the last comparison that was asked for.
    """
    from vf_ray.select.redundancy_page import page as document
    from vf_ray.select.redundancy_page import plain

    opened, plan = planned(recipe, override, store)
    likenesses = [_answers(opened, plan, model or list(plan.graph.asked)[-1])]
    if gradients or transfer:
        measured_by = _selecting(plan, stage, steps, per_task)
        likenesses += _measured(opened, measured_by, stage, gradients=gradients, transfer=transfer)
    if page:
        write(page, document(plan.recipe.name, likenesses, threshold).html(), "page")
    if runs:
        redundant = _redundant(likenesses[-1], plan.stage_tasks(stage), threshold, stage)
        write(runs, _removal(plan, recipe, override, stage, redundant, seeds), "runs")
    if as_json:
        show_json(plain({likeness.title.lower(): likeness.matrix for likeness in likenesses}, threshold))
    else:
        for likeness in likenesses:
            _show(likeness, threshold)


def _removal(
    plan: "Plan", recipe: str, override: Overrides, stage: str, redundant: Sequence[str], seeds: int
) -> str:
    """Return the study that leaves redundant tasks out, and as many at random, as YAML."""
    import yaml

    from vf_ray.select.removal import removal_study

    overrides = dict(map(setting, override or ()))
    study = removal_study(recipe, overrides, stage, plan.stage_tasks(stage), redundant, seeds)
    plainly = json.loads(json.dumps(study))  # a list that two runs share is written out in both
    return str(yaml.safe_dump(plainly, sort_keys=False, width=110))


def _answers(store: "Store", plan: "Plan", model: str) -> "Likeness":
    """Return how the answers of a model to tasks go together."""
    from vf_ray import artifacts
    from vf_ray.eval.scores import read_items
    from vf_ray.select.redundancy_page import Likeness
    from vf_ray.select.task_matrices import FEWEST, answers

    items = read_items(artifacts.load(store, plan.scores.address), "tasks", model)
    about = (
        f"Right and wrong answers of {model} to two tasks about the same held-out images: phi, over at least "
        f"{FEWEST} images that both ask about. It reaches 1 only where both are right as often: of an easy "
        "task and a hard one it is low whatever they share. Of tasks without common images it is not known."
    )
    return Likeness("Answers", about, answers(marks(items)))


def marks(items: "Sequence[Item]") -> dict[str, Mapping[str, float]]:
    """Return, for each task, the mean grade of its answers about each image."""
    grades: dict[str, dict[str, list[float]]] = {}
    for item in items:
        grades.setdefault(item.category, {}).setdefault(item.cluster or item.id, []).append(item.value)
    return {
        task: {image: sum(values) / len(values) for image, values in by_image.items()}
        for task, by_image in grades.items()
    }


def _measured(
    store: "Store", plan: "Plan", stage: str, *, gradients: bool, transfer: bool
) -> "Iterator[Likeness]":
    """Yield what the stage's model says of its tasks, measured in this process where no run has."""
    from vf_ray.plan.handing import unselected
    from vf_ray.select.redundancy_page import Likeness
    from vf_ray.select.task_measuring import task_gradients, task_transfer
    from vf_ray.shards.mixture import mixture
    from vf_ray.work import LocalPool

    wanted = plan.selections.of(stage)
    assert wanted is not None, f"{stage} says how its model is asked"
    mixture(store, unselected(plan, stage))
    resources, steps = plan.recipe.resources, wanted.asked.warmup
    if gradients:
        about = (
            "Cosine between tasks of the mean direction of their instances' gradients by adapters, after "
            f"{steps} steps on all of them; of sketched gradients, so right to about .02."
        )
        matrix = task_gradients(store, wanted, LocalPool(), resources)
        yield Likeness("Gradients", about, matrix, correlation=False)
    if transfer:
        about = (
            f"What {steps} steps on one task (row) lower the loss on held-out instances of another (column), "
            "over what as many on that itself do. The tree is of the mean of both directions."
        )
        matrix = task_transfer(store, wanted, LocalPool(), resources)
        yield Likeness("Transfer", about, matrix, correlation=False)


def _selecting(plan: "Plan", stage: str, steps: int, per_task: int) -> "Plan":
    """Return a plan whose stage says how its model is asked, which is what a selection says.

    Raises:
        UserError: if the recipe has no such stage.
    """
    from vf_ray.recipe.select import Select

    tuned = plan.stage(stage)
    require(tuned is not None, f"no stage is named {stage!r}; {near(stage, plan.recipe.tuned)}")
    assert tuned is not None
    select = tuned.select if plan.selections.of(stage) else Select(method="icons", warmup=steps)
    asked = replace(tuned, select=select, per_task=per_task or tuned.per_task)
    return replace(plan, recipe=replace(plan.recipe, stages={**plan.recipe.stages, stage: asked}))


def _redundant(likeness: "Likeness", tasks: Sequence[str], threshold: float, stage: str) -> Sequence[str]:
    """Return the tasks of a stage that others of it stand for.

    Raises:
        UserError: if there is none.
    """
    from vf_ray.select.redundancy_page import nothing_known, pairs
    from vf_ray.select.task_tree import tree

    matrix = likeness.matrix.among(tasks)
    known = pairs(matrix)
    require(bool(known), f"{stage}: {nothing_known(likeness.correlation)}")
    redundant = tree(matrix, threshold).redundant
    one, other, most, _ = known[0]
    fault = f"no task of {stage} is redundant at a likeness of {threshold:g}; give another --threshold"
    require(bool(redundant), f"{fault}: the most alike are {one} and {other}, {most:+.2f}")
    return redundant


def _show(likeness: "Likeness", threshold: float) -> None:
    from vf_ray.select.redundancy_page import nothing_known, pairs
    from vf_ray.select.task_tree import tree

    known, size = pairs(likeness.matrix), len(likeness.matrix.tasks)
    show(f"{likeness.title}: {size} tasks, {len(known):,} of {size * (size - 1) // 2:,} pairs compared")
    if not known:
        show(escape(nothing_known(likeness.correlation)))
    for one, other, value, items in known[:10]:
        show(f"{value:+.2f}  {escape(one)}  {escape(other)}  ({items:,})")
    for task in tree(likeness.matrix, threshold).redundant:
        show(f"[yellow]{escape(task)}[/] has others that stand for it at {threshold:g}")
