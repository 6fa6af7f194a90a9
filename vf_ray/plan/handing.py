"""What each step is handed: its own part of a plan, so that nobody below plans anew."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from vf_ray.plan.plan import Plan
from vf_ray.plan.reporting import ReportedStage, Reporting
from vf_ray.plan.stages import Making, Merging, Mixing, Tuning
from vf_ray.recipe import Average, Stage
from vf_ray.recipe.graph import lineage


def mixing(plan: Plan, stage: str) -> Mixing:
    """Return what a tuning stage draws its samples from."""
    chosen, instances = _stage(plan, stage), plan.relabellings.instances(stage)
    replayed = {name: mixing(plan, name) for name in chosen.replay}
    keep = "" if chosen.answers_by else plan.selections.keep(stage)
    groups = {task: plan.catalogue.tasks[task].group for task in instances}
    return Mixing(plan.mixture(stage), chosen, plan.recipe.seed, instances, replayed, groups, keep)


def unselected(plan: Plan, stage: str) -> Mixing:
    """Return all that a tuning stage may take, before any is selected or weighed."""
    weighed = mixing(plan, stage)
    return replace(
        weighed, spec=plan.pool(stage), stage=weighed.stage.unweighed, instances=plan.prepared(stage),
        replayed={}, keep="",
    )  # fmt: skip


def unanswered(plan: Plan, stage: str) -> Mixing:
    """Return what a tuning stage takes of them, before a model answers any or they are weighed."""
    keep = plan.selections.keep(stage)
    return replace(unselected(plan, stage), spec=plan.pool(stage, keep), keep=keep)


def tuning(plan: Plan, stage: str) -> Tuning:
    """Return what the training of a stage is handed."""
    return Tuning(
        stage, _stage(plan, stage), plan.graph.seed_of(stage), plan.starts_from(stage), mixing(plan, stage),
        plan.lengths(stage), plan.held_out(stage), plan.tuned(stage), _making(plan, stage),
        plan.watched(stage),
    )  # fmt: skip


def merging(plan: Plan, stage: str) -> Merging:
    """Return what the averaging of a stage is handed."""
    chosen = plan.recipe.stages[stage]
    assert isinstance(chosen, Average), f"stage {stage} of recipe {plan.recipe.name!r} averages nothing"
    models = {parent: plan.graph.address(parent) for parent in chosen.merge}
    return Merging(dict(chosen.merge), models, plan.tuned(stage), _making(plan, stage))


def _making(plan: Plan, step: str) -> Making:
    stage, addresses = plan.stage(step), {"this model": plan.tuned(step).address}
    if stage:
        addresses |= {"starts from": plan.starts_from(step), "data": plan.mixture(step).address}
        by = plan.relabellings.of(step)
        addresses |= {"answers by": by.model} if by else {}
        trained: Sequence[str] = [step, *stage.replay]
    else:
        addresses |= {f"average of {name}": address for name, address in plan.tuned(step).inputs.items()}
        trained = [name for name in lineage(plan.recipe.stages, step) if plan.stage(name)]
    addresses["base"] = plan.base.address
    tasks = {task for name in trained for task in plan.stage_tasks(name)}
    licences = Counter(plan.catalogue.source_of(task).terms.licence for task in tasks)
    return Making(plan.recipe, step, licences, addresses)


def reporting(plan: Plan) -> Reporting:
    """Return what the report tells of."""
    stages = [
        ReportedStage(
            name=name, stage=stage, tasks=plan.stage_tasks(name), tuned=plan.tuned(name),
            mixture=plan.mixture(name),
        )
        for name, stage in plan.recipe.tuned.items()
    ]  # fmt: skip
    before = [(step, address) for step in plan.needs("report") for address in plan.addresses(step)]
    return Reporting(
        recipe=plan.recipe.name, about=plan.recipe.about, spec=plan.report, scores=plan.scores,
        questions=plan.questions, instances=plan.instances, catalogue=plan.catalogue, stages=stages,
        lineage=before, earlier=plan.recipe.evaluate.earlier, learner=plan.graph.learner or "stage1",
    )  # fmt: skip


def _stage(plan: Plan, name: str) -> Stage:
    stage = plan.stage(name)
    assert stage is not None, f"recipe {plan.recipe.name!r} has no {name}"
    return stage
