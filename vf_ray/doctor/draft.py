"""A recipe from six answers, with settings that fit: what ``vf-ray init`` writes.

Where a value comes from stands beside it. Tuned as the paper tunes, a model may need more memory than there
is: what takes least time is changed first, and where nothing helps, adapters take the place of full tuning.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from vf_ray.doctor.room import memory_free
from vf_ray.doctor.weights import dimensions
from vf_ray.errors import UserError
from vf_ray.model.families.family import Dimensions
from vf_ray.plan.inputs import raws
from vf_ray.recipe import Base, Prepare, Stage
from vf_ray.recipe.stage import Lora
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.train import estimate

TINY = Base(size="tiny")
PAPER = Stage(tasks=("*",), lr=2e-5, batch=128, epochs=1, precision="bf16")
"""How the paper tunes its first stage, on 8 GPUs of 80 GiB."""
ADAPTERS = replace(PAPER, lora=Lora(), lr=2e-4, own_lr={"projector": 2e-5})
"""The same through adapters, at the rates of LLaVA-1.5's authors."""
TRIAL = Stage(tasks=("*",), lr=1e-3, batch=32, steps=100)
"""A fresh tiny model learns a little of it within minutes, without a GPU."""
SCHEMA = "recipe.schema.json"
"""Beside the recipe: an editor that knows YAML completes its keys by it, and marks what is wrong."""
NAMED = 5
"""Folders that an error names at most."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What somebody has, and wants; the store is no part of a recipe."""

    data: str = ""
    """Folder or bucket of raw archives; empty: the demo's pictures, made here."""
    model: str = ""
    """A checkpoint's folder, of any family; empty: a fresh one, too small to be of use."""
    gpus: int = 0
    gpu_gib: float = 80.0
    benchmarks: tuple[str, ...] = ("tasks",)
    benchmark_files: str = ""
    """Folder of their official files; empty: only what needs none can be asked."""
    track: tuple[str, ...] = ()


def draft(situation: Situation, store: Store) -> str:
    """Return a recipe as YAML, with a comment on each value.

    Raises:
        UserError: if no source's archives lie in the data's folder.
    """
    base = Base(checkpoint=situation.model) if situation.model else TINY
    stage = fitting(situation, dimensions(base, store)) if situation.model else TRIAL
    return "".join(f"{line}\n" for line in _lines(situation, present(situation.data), stage, store))


def present(data: str) -> tuple[str, ...]:
    """Return patterns for the tasks of every source all of whose raw archives lie below ``data``.

    Raises:
        UserError: if there is none; it says what lies there, and how an archive must be named.
    """
    if not data:
        return ("demo_*",)
    _, lying, _ = raws(Prepare(tasks=("*",), raw=data))
    whole = [name for name, source in sources().items() if {raw.name for raw in source.raws} <= lying.keys()]
    if not whole:
        there = ", ".join(sorted(lying)[:NAMED]) or "loose files"
        raise UserError(
            f"{data} holds the raw archives of no source: {there}; expected a folder or an archive of each "
            "name that `vf-ray tasks` shows as a source, such as llava_json for JSON in LLaVA's form"
        )
    return tuple(f"{name}/*" for name in whole)


def fitting(situation: Situation, model: Dimensions) -> Stage:
    """Return the paper's stage with the least that must change for a worker to fit where it is to run."""
    room = int(situation.gpu_gib * (1 << 30)) if situation.gpus else memory_free()
    workers = max(1, situation.gpus)
    for stage in (PAPER, ADAPTERS):
        tried = stage if situation.gpus else replace(stage, precision="fp32")
        if estimate.memory(tried, model, workers).device <= room:
            return tried
        for _, changed in estimate.remedies(tried, model, workers, room):
            return changed
    return tried  # the doctor says what is lacking


def _lines(situation: Situation, tasks: Sequence[str], stage: Stage, store: Store) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA}"
    yield "# Written by `vf-ray init`. `vf-ray schema` tells every key, `vf-ray doctor FILE` what stops it."
    yield f"# Results go to the store: export VF_RAY_STORE={store.url}"
    yield "seed: 0  # of the data: what is taken, worded and held out"
    yield "prepare:"
    yield "  tasks:  # every source that lies there whole; `vf-ray tasks` describes them"
    yield from (f"    - {_yaml(pattern)}" for pattern in tasks)
    if situation.data:
        yield f"  raw: {_yaml(situation.data)}  # each raw archive under its name"
    yield f"  cap: {10_000 if situation.data else 400}  # instances of a task at most; the paper: 10,000"
    yield f"  held_out: {0.01 if situation.data else 0.2}  # share of pictures that no stage trains on"
    yield from _base(situation)
    yield from _stage(stage, situation)
    yield from _evaluate(situation)
    yield from _resources(situation)


def _base(situation: Situation) -> Iterator[str]:
    yield "base:"
    if situation.model:
        yield f"  checkpoint: {_yaml(situation.model)}  # its config.json tells the family"
    else:
        yield "  size: tiny  # a fresh model, to see the chain work; name a checkpoint for one of use"


def _stage(stage: Stage, situation: Situation) -> Iterator[str]:
    """Yield the stage; of how it runs, only what had to change."""
    yield "stage1:"
    yield '  tasks: ["*"]  # all that is prepared'
    if stage.lora:
        yield f"  lora: {_yaml(asdict(stage.lora))}  # adapters: tuned as a whole it would not fit"
        yield f"  own_lr: {_yaml(stage.own_lr)}  # both as in LLaVA-1.5's runs"
    yield f"  lr: {stage.lr:.1e}{'  # the paper' if situation.model and not stage.lora else ''}"
    yield f"  batch: {stage.batch}  # samples a step, whatever the number of GPUs; the paper: 128"
    length = f"steps: {stage.steps}" if stage.steps else f"epochs: {stage.epochs:g}  # the paper"
    yield f"  {length}"
    yield f"  precision: {stage.precision}"
    yield "  # How it runs, without changing what comes out:"
    yield f"  zero: {stage.zero}"
    yield from (f"  {key}: {_yaml(value)}  # so that it fits" for key, value in _changed(stage))


def _changed(stage: Stage) -> Iterator[tuple[str, Any]]:
    """Yield what was changed for the sake of memory."""
    for key in ("recompute", "micro_tokens", "offload", "compile"):
        if getattr(stage, key) != getattr(PAPER, key):
            yield key, getattr(stage, key)


def _evaluate(situation: Situation) -> Iterator[str]:
    yield "evaluate:"
    yield "  # `vf-ray benchmarks` lists them; tasks asks held-out items"
    yield f"  benchmarks: {_yaml(list(situation.benchmarks))}"
    if situation.benchmark_files:
        yield f"  data: {_yaml(situation.benchmark_files)}  # each one's official files under its name"


def _resources(situation: Situation) -> Iterator[str]:
    yield "resources:  # never change what comes out"
    yield f"  workers: {max(1, situation.gpus)}"
    yield f"  gpus_per_worker: {min(1, situation.gpus)}"
    if situation.gpus:
        yield f"  gpu_gib: {situation.gpu_gib:g}"
    if situation.track:
        yield f"  track: {_yaml(list(situation.track))}"


def _yaml(value: Any) -> str:
    """Return a value on one line: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)
