"""The card that lies in a tuned model's folder: what it was made of, and what its data's owners say.

Scores are not known yet when a model is finished; ``vf-ray publish`` adds them.
"""

from collections import Counter

from vf_ray.plan.plan import Plan
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
    assert stage is not None, f"recipe {recipe.name!r} has no {step}"
    tasks = plan.stage_tasks(step)
    licences = Counter(source_of(task).terms.licence for task in tasks)
    listed = "\n".join(f"- {licence}: {count} tasks" for licence, count in sorted(licences.items()))
    settings = plain(stage)
    told = "\n".join(f"- {key}: {settings[key]}" for key in SHOWN if settings[key] not in (None, {}))
    lineage = {
        "this model": plan.tuned(step),
        "starts from": plan.starts_from(step),
        "data": plan.mixture(step),
        "base": plan.base,
    }
    made_of = "\n".join(f"- {key}: {url}" for key, url in recipe.base.parts().items()) or "- fresh weights"
    return "\n".join(
        (
            HEAD,
            f"# {recipe.name}: {step}\n",
            f"{recipe.about}\n",
            f"## Training\n\n{told}\n",
            f"## Data\n\n{len(tasks)} tasks, by the licence recorded for their sources:\n\n{listed}\n",
            f"## Weights it starts from\n\n{made_of}\n",
            "## Lineage\n\n"
            + "\n".join(f"- {role}: `{spec.address}`" for role, spec in lineage.items())
            + "\n",
            "What a licence allows is for its holder to say. English only; one picture a conversation.\n",
        )
    )
