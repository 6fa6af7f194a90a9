"""What the making of one model is handed: its data, what it starts from, what it makes."""

from collections.abc import Mapping
from dataclasses import dataclass

from vf_ray.artifacts import Spec
from vf_ray.plan.evaluation import Questions
from vf_ray.recipe import Recipe, Stage


@dataclass(frozen=True)
class Mixing:
    """What a tuning stage draws its samples from."""

    spec: Spec
    stage: Stage
    seed: int
    instances: Mapping[str, Spec]
    """By task."""
    replayed: Mapping[str, "Mixing"]
    """By stage, those that some samples are drawn from again."""
    groups: Mapping[str, str]
    """Of tasks, by task."""
    keep: str = ""
    """Address of the list of the instances that were selected; empty: nothing was."""


@dataclass(frozen=True)
class Making:
    """What the card in a model's folder tells of it."""

    recipe: Recipe
    step: str
    licences: Mapping[str, int]
    """Of the sources of the tasks that it, or what it averages of this recipe's models, was trained on: how
    many tasks have each."""
    lineage: Mapping[str, str]
    """Role and address of what it is made from."""


@dataclass(frozen=True)
class Tuning:
    """One tuning stage."""

    name: str
    stage: Stage
    seed: int
    """Of all that the stage draws."""
    model: str
    """Address of the model it starts from."""
    mixing: Mixing
    lengths: Spec
    """How long the samples are, where that is measured."""
    held_out: Spec
    """What the held-out loss is measured on, where it is."""
    tuned: Spec
    making: Making
    watched: Questions
    """Where the benchmarks that it is watched by have their questions."""


@dataclass(frozen=True)
class Merging:
    """One stage that averages models."""

    shares: Mapping[str, float]
    """By name of the model."""
    models: Mapping[str, str]
    """Address of each."""
    merged: Spec
    making: Making
