"""``vf-ray init``: a recipe of one's own, by six questions."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli.app import note, write
from vf_ray.errors import MendableError, UserError


def init(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="YAML file to write.")] = Path("my.yaml"),
    data: Annotated[
        str | None, typer.Option(help="Folder or bucket of raw archives; '': the demo's pictures.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A checkpoint's folder; '': a fresh tiny model.")] = None,
    gpus: Annotated[str | None, typer.Option(help="How many, and GiB of each: 8x80; 0: none.")] = None,
    store: Annotated[str | None, typer.Option(help="Folder or bucket where results go.")] = None,
    benchmarks: Annotated[
        str | None,
        typer.Option(help="By name or suite, between commas; then : and the folder of their files."),
    ] = None,
    track: Annotated[
        str | None, typer.Option(help="tensorboard, mlflow, wandb, between commas; '': none.")
    ] = None,
) -> None:
    """Write a commented recipe by six answers, and say what would stop it; asks for those not given."""
    from vf_ray.doctor.draft import SCHEMA, Situation, draft
    from vf_ray.store import Store

    if to.exists():
        raise UserError(f"{to} is there already; name another file, or remove it")
    where = _asked(data, "Folder or bucket of raw archives (empty: the demo's pictures)", "", _data)
    checkpoint = _asked(model, "Folder of the model to tune (empty: a fresh tiny one)", "", _model)
    number, gib = _asked(gpus, "GPUs, as 8x80 for 8 of 80 GiB (0: none)", "0", _gpus)
    opened = _asked(store, "Folder or bucket for results", Store.open(None).url, Store.open)
    names, files = _asked(
        benchmarks, "Benchmarks, as pope,mme:FOLDER (tasks: held-out items)", "tasks", _benchmarks
    )
    tracking = _asked(track, "Tracked by tensorboard, mlflow or wandb (empty: none)", "", _track)
    situation = Situation(
        data=where, model=checkpoint, gpus=number, gpu_gib=gib, benchmarks=names, benchmark_files=files,
        track=tracking,
    )  # fmt: skip
    write(to, draft(situation, opened), "the recipe")
    _write_schema(to.parent / SCHEMA)
    _examine(to, opened.url)


def _write_schema(path: Path) -> None:
    """Write what an editor checks the recipe by, unless something is there that may be somebody's own."""
    from vf_ray.cli.schema import text

    if not path.exists():
        write(path, text("recipe"), "what editors check it by")


def _asked(given: str | None, question: str, default: str, read: Callable[[str], Any]) -> Any:
    """Return an answer as it is read; one that cannot be used is asked for again, or is an error if given."""
    if given is not None:
        return read(given)

    def again(answer: str) -> Any:
        try:
            return read(answer.strip())
        except MendableError as error:
            raise typer.BadParameter(str(error)) from error

    return typer.prompt(question, default=default, value_proc=again, err=True)


def _data(answer: str) -> str:
    from vf_ray.doctor.draft import present

    present(answer)
    return answer


def _model(answer: str) -> str:
    """Return a checkpoint's folder; one of no known family is refused."""
    from vf_ray.doctor.weights import base_weights
    from vf_ray.recipe import Base

    for check in base_weights(Base(checkpoint=answer)) if answer else ():
        if not check.ok:
            raise UserError(check.found)
    return answer


def _gpus(answer: str) -> tuple[int, float]:
    count, _, gib = answer.lower().partition("x")
    if not count.strip().isdecimal() or not (gib or "80").strip().isdecimal():
        raise UserError(f"GPUs are {answer!r}; write their number, x and the GiB of each: 8x80")
    return int(count), float(gib or 80)


def _benchmarks(answer: str) -> tuple[tuple[str, ...], str]:
    """Return names, suites as such, and the folder of their official files."""
    from vf_ray.eval.benchmarks import get
    from vf_ray.plan.inputs import question_sets
    from vf_ray.recipe import Evaluate

    names, _, folder = answer.partition(":")
    asked = Evaluate(benchmarks=_words(names), data=folder.strip())
    for name in asked.benchmarks:
        get(name)
    question_sets(asked)
    return asked.benchmarks, asked.data


def _track(answer: str) -> tuple[str, ...]:
    from vf_ray.recipe import Resources
    from vf_ray.recipe.strict import build

    return build(Resources, {"track": list(_words(answer))}, "").track


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _examine(recipe: Path, store: str) -> None:
    """Say whether the recipe would run, as ``vf-ray doctor`` does; end with 1 where it would not."""
    from vf_ray.doctor import examine
    from vf_ray.store import Store

    failed = [check for check in examine(str(recipe), None, store) if not check.ok]
    for check in failed:
        note(f"[red]fail[/] {escape(check.name)}: {escape(check.found)}")
        note(f"     [yellow]{escape(check.remedy)}[/]")
    if failed:
        note(f"It cannot run yet; mend this, then: vf-ray doctor {escape(str(recipe))}")
        raise typer.Exit(1)
    elsewhere = "" if store == Store.open(None).url else f"VF_RAY_STORE={shlex.quote(store)} "
    note(f"Nothing would stop it: {escape(f'{elsewhere}python -m flows {recipe}')}")
