"""A study as data: one recipe under several overrides and seeds, and what is to be concluded from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from vf_ray.errors import about, near, require
from vf_ray.extensions.loaded import named_files
from vf_ray.recipe import Recipe
from vf_ray.recipe.load import read_yaml
from vf_ray.recipe.strict import build
from vf_ray.study.measures import SCALES, AnswerMeasure, ValueScale

VALUE = "$"
"""Begins an override's value that a study gives for each recipe by itself."""
EVERY = "*"
"""Recipes that ``values`` does not name."""
Changes = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StudyOutcome:
    """What runs are compared by: one model's answers to one benchmark."""

    benchmark: str
    model: str = ""
    """A stage, or ``base``; empty: the last model of each run."""
    only: tuple[str, ...] = ()
    """Only questions of these categories, or patterns of them, such as the ids of tasks; empty: all."""
    measure: AnswerMeasure = "score"
    """``score``: by the benchmark's rule. Of the answers' texts: ``words`` of each, ``words_sd`` (how far
    that varies), ``vocabulary`` (different words of all), ``distinct`` answers; ``invented``: whether an
    answer has one of ``names`` that the right one lacks."""
    names: tuple[str, ...] = ()
    """Of ``invented``: words that say what an image shows, as ``[red, green]``."""
    title: str = ""
    """What a page calls it; empty: by benchmark, categories and model."""

    @property
    def name(self) -> str:
        """Return how a page calls it."""
        if self.title:
            return self.title
        part = f" ({', '.join(self.only)})" if self.only else ""
        measure = "" if self.measure == "score" else f", {self.measure}"
        return f"{self.benchmark}{part}{measure}, {self.model or 'last model'}"

    @property
    def is_whole(self) -> bool:
        """Tell whether it is what a benchmark officially gives."""
        return not self.only and self.measure == "score"

    @property
    def scale(self) -> ValueScale:
        """Return how its values are told."""
        return SCALES[self.measure]

    def __post_init__(self) -> None:
        names = f"measure is {self.measure!r} and names {', '.join(self.names) or 'nothing'}"
        require((self.measure == "invented") == bool(self.names), f"{names}; invented needs names, alone")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A line over a scale, such as the number of tasks."""

    scale: Mapping[str, float | str]
    """Each run's place on the scale; ``$name`` as in an override."""
    name: str
    """What the scale counts."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """Name of each run's line, where there are several, such as sizes of a model."""

    @property
    def places(self) -> Mapping[str, float]:
        """Return each run's place, where every ``$name`` is filled in."""
        return {run: float(place) for run, place in self.scale.items()}


@dataclass(frozen=True, kw_only=True)
class TaughtGroup:
    """Tasks that one stage teaches."""

    stage: str
    only: tuple[str, ...]
    """Their ids, or patterns."""


@dataclass(frozen=True, kw_only=True)
class ComparedPart:
    """A module of the model whose weights are compared before and after training."""

    module: str = "projector"
    published: str = ""
    """What the paper says of it, in words."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Several runs as one experiment."""

    name: str
    question: str = ""
    """What it answers, in one sentence."""
    about: str = ""
    """How, and what was assumed."""
    recipe: str
    """Name, or path of a YAML file, of the recipe whose keys the runs override."""
    runs: Mapping[str, Any] = field(default_factory=lambda: {"as it is": {}})
    """Changes of each run by its name; a list of them has one for each seed."""
    axes: Mapping[str, Any] = field(default_factory=dict)
    """Further overrides, crossed with the runs and with each other: a key and its values
    (``stage1.lr: [1e-5, 2e-5]``), or a name and overrides by level (``data: {few: {...}, many: {...}}``)."""
    seeds: int = 1
    """Repetitions of each run, under run seeds that follow the recipe's own."""
    outcomes: tuple[StudyOutcome, ...] = (StudyOutcome(benchmark="tasks"),)
    baseline: str = ""
    """The run that the others are compared with; empty: the first."""
    against: Mapping[str, str] = field(default_factory=dict)
    """Runs that are compared with another one than the baseline, and with which."""
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The paper's official figure by benchmark and run."""
    published_of: str = ""
    """The recipe whose runs these figures are of; empty: the study's own."""
    fit: Fit | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)
    """Runs that stand for dearer ones, and which: it is told how far their orders agree."""
    rank_outcomes: bool = False
    """Whether it is told how far any two outcomes order the runs alike."""
    taught: Mapping[str, TaughtGroup] = field(default_factory=dict)
    """Groups of tasks by name, and the stage that teaches each: what later stages leave of them is told."""
    part: ComparedPart | None = None
    """A module of which it is told how far each run's stages moved its weights."""
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What ``$name`` in an override stands for, by recipe; ``*``: all that are not named."""

    def __post_init__(self) -> None:
        require(self.seeds > 0, f"seeds is {self.seeds}; at least 1")
        require(bool(self.outcomes), "outcomes is empty; name at least one benchmark")
        for run, overrides in self.runs.items():
            each = overrides if isinstance(overrides, list | tuple) else [overrides]
            for one in each:
                require(isinstance(one, Mapping), f"runs.{run} is {one!r}; expected overrides, or a list")
        known = self.variants(self.recipe)
        require(self.baseline in ("", *known), f"baseline is {self.baseline!r}; {near(self.baseline, known)}")
        named = {
            "proxies": (*self.proxies, *self.proxies.values()),
            "against": (*self.against, *self.against.values()),
            "fit.scale": self.fit.scale if self.fit else (),
        }
        for key, run in ((key, run) for key, some in named.items() for run in some):
            require(run in known, f"{key} names the run {run!r}; {near(run, known)}")

    @property
    def published_beside(self) -> Mapping[str, Mapping[str, float]]:
        """Return the paper's figures where they can stand beside the runs': those of their own recipe."""
        is_own = not self.published_of or Path(self.recipe).stem == Path(self.published_of).stem
        return self.published if is_own else {}

    def under(self, name: str) -> "Study":
        """Return the study as it is under a recipe of this name: with its places on a scale.

        Raises:
            UserError: for a ``$name`` that the study does not give for this recipe.
        """
        fit = self.fit and replace(self.fit, scale=self._filled(self.fit.scale, name))
        return replace(self, recipe=name, published_of=self.published_of or self.recipe, fit=fit)

    def asked_under(self, recipe: Recipe) -> "Study":
        """Return the study with only those outcomes that a recipe asks for.

        Raises:
            UserError: if there is none.
        """
        asked = recipe.evaluate.benchmarks
        left = tuple(outcome for outcome in self.outcomes if outcome.benchmark in asked)
        named = ", ".join(outcome.benchmark for outcome in self.outcomes)
        fault = f"evaluate.benchmarks names {', '.join(asked)}, and the study compares by {named}"
        require(bool(left), f"{fault}; add one of these to the recipe")
        out = [outcome.name for outcome in self.outcomes if outcome not in left]
        note = f" Not asked by recipe {recipe.name}: {', '.join(out)}." if out else ""
        return replace(self, outcomes=left, about=f"{self.about}{note}")

    def variants(self, recipe: str) -> dict[str, Sequence[Changes]]:
        """Return the overrides of each variant under a recipe: one set, or one for each seed.

        Raises:
            UserError: for a ``$name`` that the study does not give for this recipe.
        """
        levels = [list(_levels(key, values)) for key, values in self.axes.items()]
        crossed: dict[str, Sequence[Changes]] = {}
        for run, own in self.runs.items():
            sets = own if isinstance(own, list | tuple) else [own]
            for chosen in product(*levels):
                named = [run] if len(self.runs) > 1 or not levels else []
                more = {key: value for _, overrides in chosen for key, value in overrides.items()}
                name = ", ".join([*named, *(level for level, _ in chosen)])
                crossed[name] = [self._filled({**one, **more}, recipe) for one in sets]
        return crossed

    def _filled(self, overrides: Changes, recipe: str) -> Changes:
        given = self.values.get(Path(recipe).stem, self.values.get(EVERY, {}))
        return {key: self._value(key, value, given, recipe) for key, value in overrides.items()}

    def _value(self, key: str, value: Any, given: Mapping[str, Any], recipe: str) -> Any:
        if not isinstance(value, str) or not value.startswith(VALUE):
            return value
        name = value.removeprefix(VALUE)
        fault = f"study {self.name!r}: {key} is {value}, of which it knows nothing under recipe {recipe!r}"
        known = ", ".join(self.values) or "none"
        require(name in given, f"{fault}; give it under values.{Path(recipe).stem}, as for {known}")
        return given[name]


def _levels(key: str, values: Any) -> list[tuple[str, Changes]]:
    """Return the levels of an axis: name and overrides of each."""
    if isinstance(values, Mapping):
        return [(str(name), overrides) for name, overrides in values.items()]
    require(isinstance(values, list | tuple), f"axes.{key} is {values!r}; expected values, or levels by name")
    return [(f"{key} {value}", {key: value}) for value in values]


def study_names() -> tuple[str, ...]:
    """Return the names of the studies that come with vf-ray or with extensions."""
    return tuple(named_files("studies"))


def load_study(name: str) -> Study:
    """Load a study by its name or by the path of a YAML file.

    Raises:
        UserError: for an unknown name or key, or a value of the wrong type.
    """
    if Path(name).suffix in (".yaml", ".yml"):
        require(Path(name).is_file(), f"no study file at {name}")
        with about(f"study {name!r}"):
            text = Path(name).read_text(encoding="utf-8")
    else:
        studies = named_files("studies")
        require(name in studies, f"no study is named {name!r}; {near(name, studies)}")
        text = studies[name].read_text(encoding="utf-8")
    values = read_yaml(text, f"study {name!r}")
    require(isinstance(values, dict), f"study {name!r} is not a mapping of keys")
    return build(Study, {"name": Path(name).stem, **values})
