"""A model's card names what the model came from."""

import yaml

from vf_ray.plan.handing import tuning
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.train.model_card import card


def test_it_names_lineage_data_licences_and_settings() -> None:
    plan = Plan(load_recipe("paper-13b"), "raw")
    text = card(tuning(plan, "stage1").making)
    assert plan.tuned("stage1").address in text and plan.base.address in text
    assert "- lr: 2e-05" in text and "- batch: 128" in text and "own_lr" not in text
    assert "188 tasks" in text and "- projector: weights/llava-v1.5" in text
    counted = [line for line in text.splitlines() if line.startswith("- ") and line.endswith(" tasks")]
    assert sum(int(line.rsplit(" ", 2)[1]) for line in counted) == 188
    head = yaml.safe_load(text.split("---")[1])
    assert head["library_name"] == "transformers"
