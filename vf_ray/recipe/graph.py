"""The models of a recipe as a graph: each stage starts from the one before it, or from what it names.

Names are checked as a recipe is read: everything else may rely on a graph without cycles, whose stages stand
behind what they are made from.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from vf_ray.errors import near, require
from vf_ray.recipe.stage import Average, Stage
from vf_ray.recipe.strict import build, put, thawed

BASE = "base"
ALIGN = "align"
FLAT = (ALIGN, "stage1", "stage2")
"""Stages that may stand in a recipe beside its other keys, in this order, before those of ``stages``."""
BEFORE, AFTER = ("fetch", "prepare", BASE), ("evaluate", "report")
"""Steps around the stages."""
KINDS = (
    "raw", "images", "instances", "mixture", "held_out", "lengths", "select", "proxy", "features", "looks",
    "sought", "screened", "relabelled", "answers", "judged", "scores", "trained", "tuned", "merged",
)  # fmt: skip
"""Kinds of artifacts that no step is named after: the first part of their addresses."""
KEYS = ("name", "about", "seed", "run_seed", "stages", "resources")
OTHERS = ("full", "served", "logs", "runs", "study", "ratings", "probe")
"""A deployment, a model that is asked, folders of a store."""
TAKEN = frozenset((*BEFORE, *AFTER, *KINDS, *KEYS, *OTHERS))
"""What no stage may be called."""
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_ADDRESS = re.compile(rf"({_NAME.pattern})/.+/[0-9a-f]{{12}}")

Stages = Mapping[str, Stage | Average]
"""By name, in order."""


def is_model_address(name: str) -> bool:
    """Tell whether a name is the address of a model in a store, such as ``stage2/demo/0123456789ab``."""
    match = _ADDRESS.fullmatch(name)
    return bool(match) and may_make_models(name.partition("/")[0])


def may_make_models(step: str) -> bool:
    """Tell whether a step of this name is ``base``, or may be a stage of some recipe."""
    return step == BASE or (_NAME.fullmatch(step) is not None and step not in TAKEN)


def staged(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's data with overrides, and all its stages under ``stages``; null ones are left out.

    Raises:
        UserError: if a stage stands both beside the recipe's other keys and there, or an override is of one
            that is null.
    """
    given, flat = _mapping(values.get("stages")), {name: values[name] for name in FLAT if name in values}
    twice = ", ".join(flat.keys() & given.keys())
    require(not twice, f"{twice} stands in the recipe twice: by itself, and under stages")
    merged = thawed({**{k: v for k, v in values.items() if k not in FLAT}, "stages": {**flat, **given}})
    for dotted, value in overrides.items():
        put(merged, _full_key(merged["stages"], dotted), thawed(value))  # a later override may go below it
    stages = _mapping(merged["stages"])
    first = [name for name in FLAT if name not in given and name in stages]  # wherever an override put them
    ordered = {**{name: stages[name] for name in first}, **stages}
    merged["stages"] = {name: _stage(name, one) for name, one in ordered.items() if one is not None}
    return dict(merged)


def _mapping(stages: Any) -> Mapping[str, Any]:
    require(isinstance(stages or {}, Mapping), f"stages is {stages!r}; expected a mapping of names to stages")
    return {str(name): stage for name, stage in (stages or {}).items()}


def _full_key(stages: Any, dotted: str) -> str:
    """Return the key that an override means: ``mixed.lr`` is of a stage."""
    known = (*FLAT, *_mapping(stages))
    key = f"stages.{dotted}" if dotted.partition(".")[0] in known else dotted
    _, name, *inner = [*key.split("."), ""]
    off = key.startswith("stages.") and len(inner) > 1 and name in stages and stages[name] is None
    require(not off, f"{dotted}: the recipe has the stage {name} switched off (null)")
    return key


def _stage(name: str, values: Any) -> Stage | Average:
    """Make a stage of its data: one that has ``merge`` averages models."""
    _require_free(name)
    merges = isinstance(values, Mapping) and "merge" in values
    return build(Average, values, f"{name}.") if merges else build(Stage, values, f"{name}.")


def parents(stages: Stages, name: str) -> tuple[str, ...]:
    """Return what a stage is made from: ``base``, stages, or models of the store."""
    stage = stages[name]
    if isinstance(stage, Average):
        return tuple(stage.merge)
    names = list(stages)
    return (stage.from_ or [BASE, *names][names.index(name)],)


def teacher(stage: Stage | Average) -> tuple[str, ...]:
    """Return the model whose answers a stage trains on, where it has one."""
    return (stage.answers_by.model,) if isinstance(stage, Stage) and stage.answers_by else ()


def teachers(stages: Stages, name: str) -> tuple[str, ...]:
    """Return the models whose answers are among a stage's data, also by what it replays."""
    stage = stages[name]
    replayed = stage.replay if isinstance(stage, Stage) else ()
    return (*teacher(stage), *(one for other in replayed for one in teachers(stages, other)))


def lineage(stages: Stages, name: str) -> tuple[str, ...]:
    """Return the stages, and ``base``, that a stage's model and data come from, in the order of making."""
    known = {BASE, *stages}
    direct = [one for one in (*parents(stages, name), *teachers(stages, name)) if one in known]
    every = {*direct, *(one for parent in direct if parent != BASE for one in lineage(stages, parent))}
    return tuple(one for one in (BASE, *stages) if one in every)


def require_sound(stages: Stages) -> None:
    """Refuse names that mean something else already, and models that are made from what is not there yet.

    Raises:
        UserError: naming the stage, and the nearest names.
    """
    for place, name in enumerate(stages):
        earlier = [BASE, *list(stages)[:place]]
        for parent in _named(stages, name):
            if "/" not in parent:
                _require_earlier(stages, name, parent, earlier)
        _require_data(stages, name, earlier)


def _named(stages: Stages, name: str) -> tuple[str, ...]:
    """Return the models that a stage itself names, or starts from."""
    return (*parents(stages, name), *teacher(stages[name]))


def _require_free(name: str) -> None:
    require(
        _NAME.fullmatch(name) is not None,
        f"stage {name!r}: its name becomes part of addresses; use small letters, digits, - and _",
    )
    free = f"call it {name}_stage, say; {near(name, FLAT)}"
    require(name not in TAKEN, f"stage {name!r} would be called as a step or a kind of result is; {free}")


def _require_earlier(stages: Stages, name: str, parent: str, earlier: list[str]) -> None:
    known = [one for one in (BASE, *stages) if one != name]
    relation = f"{name} is made from {parent!r}"
    require(
        parent in {BASE, *stages},
        f"{relation}, which is no stage of the recipe; {near(parent, known)} A model of the store is named "
        "by its address, or as step/recipe",
    )
    require(parent != name, f"{relation}, which is itself; known: {', '.join(known)}")
    if parent not in earlier:
        cycle = f"which is made from {name!r} again"
        behind = f"which stands behind it; put {parent} first"
        relation += f", {cycle if name in _reached(stages, parent) else behind}"
        require(False, f"{relation}; {name} can start from {', '.join(earlier)}")


def _reached(stages: Stages, name: str) -> set[str]:
    """Return all that a stage comes from, in a graph that may have cycles."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for parent in _named(stages, waiting.pop()):
            if parent in stages and parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return seen


def _require_data(stages: Stages, name: str, earlier: list[str]) -> None:
    """Refuse to rehearse what no earlier stage has trained on."""
    stage = stages[name]
    tuned = [one for one in earlier if isinstance(stages.get(one), Stage)]
    for other in stage.replay if isinstance(stage, Stage) else ():
        message = f"{name}.replay names {other!r}, which is no earlier stage with data; {near(other, tuned)}"
        require(other in tuned, message)


def renamed(stages: Stages, addresses: Mapping[str, str]) -> dict[str, Stage | Average]:
    """Return the stages with addresses in place of models that they name otherwise."""
    return {name: _renamed(stage, addresses) for name, stage in stages.items()}


def _renamed(stage: Stage | Average, addresses: Mapping[str, str]) -> Stage | Average:
    if isinstance(stage, Average):
        return replace(stage, merge={addresses.get(name, name): w for name, w in stage.merge.items()})
    by = stage.answers_by and replace(
        stage.answers_by, model=addresses.get(stage.answers_by.model, stage.answers_by.model)
    )
    return replace(stage, from_=addresses.get(stage.from_ or "", stage.from_), answers_by=by)


def foreign(stages: Stages) -> Iterator[str]:
    """Yield what stages are made from, or taught by, and no recipe's own step makes: models of a store."""
    for name in stages:
        yield from (parent for parent in _named(stages, name) if "/" in parent)
