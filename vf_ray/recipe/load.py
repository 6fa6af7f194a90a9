"""Find and load named runs: ``flows/recipes/*.yaml``, or a YAML file of the user's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from vf_ray.errors import UserError, about, near, require
from vf_ray.extensions.loaded import named_files
from vf_ray.recipe.recipe import Recipe

LARGEST = 1 << 18
"""Letters of a YAML file. The longest recipes have a few thousand."""
MOST_VALUES = 100_000
"""In a YAML file, with what its aliases stand for written out: a few lines may stand for billions."""


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that come with vf-ray or with extensions."""
    return tuple(named_files("recipes"))


def load_recipe(name: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Load a recipe by its name or by the path of a YAML file, and apply dotted overrides.

    Raises:
        ValueError: for an unknown name or key, a wrong value, or an impossible combination.
    """
    values = read_yaml(_text(name), f"recipe {name!r}")
    require(isinstance(values, dict), f"recipe {name!r} is not a mapping of keys")
    return Recipe.from_mapping({"name": Path(name).stem, **values}, overrides)


def read_yaml(text: str, what: str) -> Any:
    """Return YAML as data; ``what`` it is, an error says.

    Raises:
        ValueError: if it is no YAML, gives a key twice, or stands for more than a recipe can.
    """
    require(len(text) <= LARGEST, f"{what} has {len(text):,} letters; expected {LARGEST:,} at most")
    loader = None
    try:
        loader = _Strict(text)  # it is a safe one
        node = loader.get_single_node()
        weight = _weight(node, {}) if node else 0
        require(
            weight <= MOST_VALUES, f"{what} stands for {weight:,} values; expected {MOST_VALUES:,} at most"
        )
        return loader.construct_document(node) if node else None
    except UserError:
        raise
    except (yaml.YAMLError, ValueError) as error:  # a date that does not exist is a plain ValueError
        raise UserError(f"{what} is no YAML that can be read: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise UserError(f"{what} is nested too deeply, or holds itself") from None
    finally:
        if loader:
            loader.dispose()


def _weight(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """Return how many values a node stands for, with every alias written out."""
    if node not in known:
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (part for pair in inner for part in (pair if isinstance(pair, tuple) else (pair,)))
        known[node] = 1 + sum(_weight(part, known) for part in parts)
    return known[node]


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, of which YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        marks: dict[str, Any] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in marks:
                raise yaml.constructor.ConstructorError(
                    "the key stands here", marks[key.value], f"and once more ({key.value})", key.start_mark
                )
            marks[key.value] = key.start_mark
        return super().construct_mapping(node, deep)


def _text(name: str) -> str:
    if Path(name).suffix in (".yaml", ".yml"):
        require(Path(name).is_file(), f"no recipe file at {name}")
        with about(f"recipe {name!r}"):
            return Path(name).read_text(encoding="utf-8")
    recipes = named_files("recipes")
    require(name in recipes, f"no recipe is named {name!r}; {near(name, recipes)}")
    return recipes[name].read_text(encoding="utf-8")
