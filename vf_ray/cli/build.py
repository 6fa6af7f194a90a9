"""``vf-ray build``: a task's instances, made from raw files as they stream by."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli import completing
from vf_ray.cli.app import note, show, show_json
from vf_ray.errors import UserError, about

if TYPE_CHECKING:
    from vf_ray.instances.sample import Tally
    from vf_ray.types import Instance, Reject, Task

WHOLE = "whole source"
"""How rejects that belong to no task are told."""


def build(
    task: Annotated[
        str,
        typer.Argument(
            help="Our id, the upstream id, or a source: all its tasks.", autocompletion=completing.tasks
        ),
    ],
    raw: Annotated[
        str | None, typer.Option(help="Folder or URL: each Raw under its name, or all merged.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="The recipe whose tables and raw folder are meant.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Only this split; else every labelled one.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many instances of each task.")] = None,
    seed: Annotated[int, typer.Option(help="Of every draw: option order, negatives.")] = 0,
    rejects: Annotated[
        Path | None, typer.Option(help="Write what cannot be used here, as JSON lines.")
    ] = None,
    images: Annotated[bool, typer.Option(help="Open each picture, and reject what does not decode.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """Make the instances of a task from raw files, in the order of the files."""
    from vf_ray import api
    from vf_ray.tasks import declared

    prepare = api.load_recipe(recipe).prepare if recipe else None
    tables, folder = (prepare.tables, raw or prepare.raw) if prepare else ({}, raw)
    if folder is None:
        raise UserError("nothing says where raw files lie; give --raw, or --recipe of a recipe that does")
    chosen = declared().with_tables(tables).find(task)
    tally = BuildCounts({each.id: each for each in chosen}, limit)
    with ExitStack() as open_files:
        with about(f"--rejects {rejects}"):
            sink = open_files.enter_context(rejects.open("w", encoding="utf-8") if rejects else nullcontext())
        outcomes = api.instances(task, folder, seed=seed, splits=_split(split), images=images, tables=tables)
        for outcome in outcomes:
            _put(outcome, tally, sink, as_json)
            if tally.full:
                break
    _close(tally, task, folder, split)


@dataclass
class BuildCounts:
    """What came of the records so far."""

    tasks: "Mapping[str, Task[Any]]"
    limit: int | None
    instances: Counter[str] = field(default_factory=Counter)
    rejects: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By task (empty: the whole source) and reason."""

    def wants(self, task: str) -> bool:
        """Return whether more instances of the task are asked for."""
        return self.limit is None or self.instances[task] < self.limit

    @property
    def full(self) -> bool:
        """Return whether every task has as many instances as are asked for."""
        return not any(map(self.wants, self.tasks))

    def over_ceiling(self) -> "Iterator[tuple[str, Tally, float]]":
        """Yield task, tally and ceiling where the share of rejects passes the ceiling.

        Records that no task saw count against the highest ceiling of the tasks.
        """
        from vf_ray.instances.sample import Tally

        ceilings = {name: task.ceiling for name, task in self.tasks.items()}
        for name, ceiling in {**ceilings, "": max(ceilings.values())}.items():
            rejected = Counter({why: count for (of, why), count in self.rejects.items() if of == name})
            used = self.instances[name] if name else self.instances.total()
            tally = Tally(rejected.total() + used, rejected)
            if tally.share > ceiling:
                yield name or WHOLE, tally, ceiling


def _split(name: str | None) -> tuple[str, ...] | None:
    from vf_ray.errors import near, require
    from vf_ray.types import LABELLED_SPLITS

    if name is None:
        return None
    require(name in LABELLED_SPLITS, f"--split {name!r} is no split; {near(name, LABELLED_SPLITS)}")
    return (name,)


def _put(outcome: "Instance | Reject", tally: BuildCounts, sink: IO[str] | None, as_json: bool) -> None:
    from vf_ray.types import Reject

    if isinstance(outcome, Reject):
        tally.rejects[outcome.task, outcome.reason] += 1
        if sink:
            sink.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
    elif tally.wants(outcome.task):
        tally.instances[outcome.task] += 1
        _show(outcome, as_json)


def _show(instance: "Instance", as_json: bool) -> None:
    if as_json:
        show_json(as_object(instance))
        return
    show(f"[bold]{escape(instance.task)}[/]  {escape(instance.key)}  [dim]{escape(instance.split)}[/]")
    show(f"  [dim]{escape(', '.join(as_object(instance)['images']))}[/]")
    for place, text in enumerate(instance.texts):
        lines = "\n".join(f"  {escape(line)}" for line in text.splitlines())
        show(f"[green]{lines}[/]" if place % 2 else lines)
    show("")


def as_object(instance: "Instance") -> dict[str, Any]:
    """Return an instance as JSON-ready data; ``image`` tells how a picture is drawn from ``images``."""
    from vf_ray.instances.refs import image_text, paths_of

    values = {
        **asdict(instance),
        "options": list(instance.options),
        "further": list(instance.further),
        "image": json.loads(image_text(instance.image)),
    }
    order = (
        "task", "key", "split", "images", "question", "options", "answer", "prompt", "response", "further",
        "image",
    )  # fmt: skip
    values["images"] = list(paths_of(instance.image))
    return {name: values[name] for name in order}


def _close(tally: BuildCounts, task: str, raw: str, split: str | None) -> None:
    """Say on standard error what came out; fail where nothing did, or too much was rejected."""
    for (of, reason), count in sorted(tally.rejects.items()):
        note(f"[yellow]rejected[/] {count:>7,}  {escape(of or WHOLE)}: {escape(reason)}")
    for name, count in sorted(tally.instances.items()):
        note(f"[green]built[/]    {count:>7,}  {escape(name)}")
    over = list(tally.over_ceiling())
    for name, rejects, ceiling in over:
        share = f"{rejects.rejected.total()} of {rejects.examined} records rejected"
        note(f"[yellow]warning:[/] {escape(name)}: {share}, more than its ceiling of {ceiling:.0%}")
    if not tally.instances:
        where = f" in split {split!r}" if split else ""
        remedy = (
            "see the rejects above" if tally.rejects else "its files hold no such record: are they whole?"
        )
        raise UserError(f"{task}: no instance came out of {raw}{where}; {remedy}")
    if any(rejects.exceeds(ceiling) for _, rejects, ceiling in over):
        raise UserError(f"{task}: too many rejects; look at them with --rejects FILE, and mend the raw files")
