"""The card that lies in a model's folder: what it was made of, and what its data's owners say.

Scores are not known yet when a model is finished; ``vf-ray publish`` adds them.
"""

from collections.abc import Mapping

from vf_ray.plan.stages import Making
from vf_ray.recipe import Average, Stage
from vf_ray.recipe.strict import plain

CARD = "README.md"
HEAD = """---
library_name: transformers
pipeline_tag: image-text-to-text
license: other
license_name: that-of-each-source-and-of-the-weights-it-starts-from
tags: [vision-flan, vf-ray]
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


def card(making: Making) -> str:
    """Return the card, in Markdown, of the model that a stage of a recipe makes."""
    recipe, stage = making.recipe, making.recipe.stages[making.step]
    described = _merged(stage) if isinstance(stage, Average) else _trained(stage)
    made_of = "\n".join(f"- {key}: {url}" for key, url in recipe.base.parts().items()) or "- fresh weights"
    lineage = "\n".join(f"- {role}: `{address}`" for role, address in making.lineage.items())
    return "\n".join(
        (
            HEAD,
            f"# {recipe.name}: {making.step}\n",
            f"{recipe.about}\n",
            described,
            *([_data(making.licences)] if making.licences else []),
            f"## Weights it starts from\n\n{made_of}\n",
            f"## Lineage\n\n{lineage}\n",
            "What a licence allows is for its holder to say. English only.\n",
        )
    )


def _trained(stage: Stage) -> str:
    """Say how a model was tuned."""
    settings = plain(stage)
    shown = "\n".join(f"- {key}: {settings[key]}" for key in SHOWN if settings[key] not in (None, {}))
    return f"## Training\n\n{shown}\n"


def _merged(stage: Average) -> str:
    """Say whose weights a model is the average of."""
    shares = "\n".join(f"- {share:g} of {name}" for name, share in stage.merge.items())
    return (
        "## Merged\n\nThe average of the weights of several models; nothing was trained for it.\n\n"
        f"{shares}\n"
    )


def _data(licences: Mapping[str, int]) -> str:
    listed = "\n".join(f"- {licence}: {count} tasks" for licence, count in sorted(licences.items()))
    return (
        f"## Data\n\n{sum(licences.values())} tasks, by the licence recorded for their sources:\n\n{listed}\n"
    )
