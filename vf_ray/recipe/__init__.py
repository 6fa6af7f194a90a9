"""What a run is, as strict data: a recipe, its stages, and how both are read from YAML.

Read in this order: recipe.py, prepare.py, stage.py, graph.py (what starts from what), strict.py, load.py.
"""

from vf_ray.recipe.prepare import Prepare
from vf_ray.recipe.recipe import Base, Evaluate, Recipe, Resources, Served
from vf_ray.recipe.stage import Average, Lora, Stage
from vf_ray.recipe.tuned_part import MODULES, TunedPart

__all__ = [
    "MODULES",
    "Average",
    "Base",
    "Evaluate",
    "Lora",
    "Prepare",
    "Recipe",
    "Resources",
    "Served",
    "Stage",
    "TunedPart",
]
