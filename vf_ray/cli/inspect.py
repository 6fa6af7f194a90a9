"""``vf-ray inspect``: instances as the model sees them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli import completing
from vf_ray.cli.app import note, show, show_json
from vf_ray.cli.plans import StoreUrl
from vf_ray.errors import UserError, about, require

if TYPE_CHECKING:
    from vf_ray.model.families.family import Encoder
    from vf_ray.store import Store

SQUARE = 336, 336
"""What an image that is not at hand is counted as."""
StoredRow = tuple[Mapping[str, Any], Sequence[bytes] | None]
"""A row of an instances file, and its images' bytes where they can be found."""


def inspect(
    what: Annotated[
        str,
        typer.Argument(
            help="A task id, an instances address, or a Parquet file of instances.",
            autocompletion=completing.tasks,
        ),
    ],
    row: Annotated[int, typer.Option(min=0, help="The first row to show.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="How many rows.")] = 1,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Of the rows that are never trained on.")
    ] = False,
    model: Annotated[
        str, typer.Option(help="Whose tokenizer: a model folder, an address, or a step.")
    ] = "base",
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """Show an instance as the model sees it: its picture, its text, which tokens are trained."""
    from vf_ray.store import Store

    opened = Store.open(store)
    with ExitStack() as stack:
        rows = list(islice(_rows(what, opened, held_out), row, row + count))
        if not rows:
            raise UserError(f"{what}: no row {row}; give a smaller --row")
        encoder = _encoder(stack, model, opened)
        for instance, image in rows:
            (_print_json if as_json else _print)(encoder, instance, image)


def _encoder(stack: ExitStack, model: str, store: "Store") -> "Encoder | None":
    """Return the encoder of the named model; without any model yet, texts are shown without tokens."""
    from vf_ray.cli.checkpoints import model_folder
    from vf_ray.model.families import encoder_of

    try:
        folder = stack.enter_context(model_folder(model, store))
    except ValueError as error:
        note(f"[yellow]without tokens:[/] {escape(str(error))}")
        return None
    return encoder_of(folder)


def _rows(what: str, store: "Store", held_out: bool) -> Iterator[StoredRow]:
    if Path(what).is_file():
        return _of_file(what)
    from vf_ray.shards.finish import HELD_OUT, TRAIN

    return _of_artifact(_address(what, store), store, HELD_OUT if held_out else TRAIN)


def _of_file(path: str) -> Iterator[StoredRow]:
    import pyarrow as pa

    from vf_ray.shards.schema import INSTANCES, from_parquet

    try:
        with about(path):
            table = from_parquet(Path(path).read_bytes())
    except pa.ArrowException as error:
        raise UserError(f"{path} is no whole Parquet file of instances ({error})") from error
    if lacking := sorted({*INSTANCES.names} - {*table.column_names}):
        raise UserError(f"{path} is no file of instances: it lacks the columns {', '.join(lacking)}")
    return ((row, None if row["shown"] else ()) for row in table.to_pylist())


def _of_artifact(address: str, store: "Store", name: str) -> Iterator[StoredRow]:
    from vf_ray.artifacts import load
    from vf_ray.shards.mixture import table_of
    from vf_ray.shards.read import StoredSamples
    from vf_ray.shards.schema import from_parquet

    artifact = load(store, address)
    samples = StoredSamples(store, table_of(artifact, name), name)
    for place, row in enumerate(from_parquet(artifact.read(name)).to_pylist()):
        yield row, samples.images(samples.shown([place])[0])


def _address(what: str, store: "Store") -> str:
    """Return the address itself, or that of the newest run which built the task's instances."""
    from vf_ray.artifacts import is_finished
    from vf_ray.plan.run_records import listed

    if what.startswith("instances/"):
        return what
    runs = listed(store)
    require(
        bool(runs),
        f"{store.url} holds no run; correct --store or VF_RAY_STORE, or start one, e.g. with `make demo`",
    )
    for run in runs:
        for address in run.versions.get("prepare", ()):
            if address.rpartition("/")[0] == f"instances/{what}" and is_finished(store, address):
                return address
    raise UserError(
        f"no instances of {what!r} in {store.url}: no file, no address, and no run has built such a task; "
        "`vf-ray tasks` lists the ids, `vf-ray runs show` what the last run built"
    )


def _print(encoder: "Encoder | None", row: Mapping[str, Any], images: Sequence[bytes] | None) -> None:
    from rich.console import Console

    from vf_ray.model import inspect as seen

    show(f"[bold]{escape(row['task'])}[/]  {escape(row['key'])}  [dim]{escape(', '.join(row['images']))}[/]")
    texts = _texts(row)
    if encoder is None:
        for place, text in enumerate((*texts[:2], *texts[2])):
            show(f"[green]{escape(text)}[/]" if place % 2 else escape(text))
        return
    sizes, first = _sizes(row, images), next(iter(images or ()), None)
    Console(highlight=False).print(seen.show(encoder, *texts, images=sizes, image=first))
    if not Console().is_terminal:
        encoded = encoder.encode(*texts, images=sizes)
        trained = (token.text for token in seen.tokens(encoder, encoded) if token.trained)
        show(f"trained: {escape(''.join(trained))}")


def _print_json(encoder: "Encoder | None", row: Mapping[str, Any], images: Sequence[bytes] | None) -> None:
    from vf_ray.model.inspect import tokens

    seen = (
        [] if encoder is None else tokens(encoder, encoder.encode(*_texts(row), images=_sizes(row, images)))
    )
    size = {} if images is None else {"image_bytes": sum(map(len, images))}
    show_json({**row, **size, "tokens": [asdict(token) for token in seen]})


def _sizes(row: Mapping[str, Any], images: Sequence[bytes] | None) -> list[tuple[int, int]]:
    """Return the sizes of the images that are shown; of some that are not at hand, those of squares."""
    from vf_ray.model.image_size import size_of

    return [SQUARE] * len(row["shown"]) if images is None else list(map(size_of, images))


def _texts(row: Mapping[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    """Return prompt, response and what is said after them."""
    return row["prompt"], row["response"], tuple(row["further"] or ())
