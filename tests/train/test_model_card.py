"""A model's card names what the model came from."""

import yaml

from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.train.model_card import card


def test_it_names_lineage_data_licences_and_settings() -> None:
    plan = Plan(load_recipe("paper-13b"), "raw")
    told = card(plan, "stage1")
    assert plan.tuned("stage1").address in told and plan.base.address in told
    assert "- lr: 2e-05" in told and "- batch: 128" in told and "own_lr" not in told
    assert "188 tasks" in told and "- projector: weights/llava-v1.5" in told
    counted = [line for line in told.splitlines() if line.startswith("- ") and line.endswith(" tasks")]
    assert sum(int(line.rsplit(" ", 2)[1]) for line in counted) == 188
    head = yaml.safe_load(told.split("---")[1])
    assert head["library_name"] == "transformers"
