"""The card that lies in a model's folder: what it was made of, and what its data's owners say.

Scores are not known yet when a model is finished; ``vf-ray publish`` adds them.
"""

from collections import Counter
from collections.abc import Sequence

from vf_ray.plan.plan import Plan
from vf_ray.recipe import Average, Stage
from vf_ray.recipe.graph import lineage
from vf_ray.recipe.strict import plain
from vf_ray.tasks import source_of

HEAD = """---
library_name: transformers
pipeline_tag: image-text-to-text
license: other
license_name: that-of-each-source-and-of-the-weights-it-starts-from
tags: [llava, vision-flan, vf-ray]
---
"""
SHOWN = (
    "tune",
    "lr",
    "own_lr",
    "lora",
    "batch",
    "steps",
    "epochs",
    "warmup",
    "schedule",
    "precision",
    "loss",
)


def card(plan: Plan, step: str) -> str:
    """Return the card, in Markdown, of the model that a stage of the recipe makes."""
    recipe, stage = plan.recipe, plan.stage(step)
    described = _trained(plan, step, stage) if stage else _merged(plan, step)
    made_of = "\n".join(f"- {key}: {url}" for key, url in recipe.base.parts().items()) or "- fresh weights"
    return "\n".join(
        (
            HEAD,
            f"# {recipe.name}: {step}\n",
            f"{recipe.about}\n",
            described,
            f"## Weights it starts from\n\n{made_of}\n",
            f"## Lineage\n\n{_lineage(plan, step)}\n",
            "What a licence allows is for its holder to say. English only; one picture a conversation.\n",
        )
    )


def _trained(plan: Plan, step: str, stage: Stage) -> str:
    """Say how a model was tuned, and on what."""
    settings = plain(stage)
    shown = "\n".join(f"- {key}: {settings[key]}" for key in SHOWN if settings[key] not in (None, {}))
    return f"## Training\n\n{shown}\n\n{_data(plan, [step, *stage.replay])}"


def _merged(plan: Plan, step: str) -> str:
    """Say whose weights a model is the average of, and what the recipe's own among them were trained on."""
    stage = plan.recipe.stages[step]
    assert isinstance(stage, Average), f"stage {step} averages nothing"
    shares = "\n".join(f"- {share:g} of {name}" for name, share in stage.merge.items())
    trained = [name for name in lineage(plan.recipe.stages, step) if plan.stage(name)]
    told = f"The average of the weights of several models; nothing was trained for it.\n\n{shares}\n"
    return f"## Merged\n\n{told}" + (f"\n{_data(plan, trained)}" if trained else "")


def _data(plan: Plan, stages: Sequence[str]) -> str:
    tasks = {task for name in stages for task in plan.stage_tasks(name)}
    licences = Counter(source_of(task).terms.licence for task in tasks)
    listed = "\n".join(f"- {licence}: {count} tasks" for licence, count in sorted(licences.items()))
    return f"## Data\n\n{len(tasks)} tasks, by the licence recorded for their sources:\n\n{listed}\n"


def _lineage(plan: Plan, step: str) -> str:
    addresses = {"this model": plan.tuned(step).address}
    if plan.stage(step):
        addresses |= {"starts from": plan.starts_from(step), "data": plan.mixture(step).address}
    else:
        addresses |= {f"average of {name}": address for name, address in plan.tuned(step).inputs.items()}
    addresses["base"] = plan.base.address
    return "\n".join(f"- {role}: `{address}`" for role, address in addresses.items())
