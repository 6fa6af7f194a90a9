"""The application that the verbs join: one place for errors and for output."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from vf_ray.errors import DEBUG, about, one_line, told


class Verbs(TyperGroup):
    """Ends a verb that meets what a person can mend with one line on standard error and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        speak_plainly()
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, typer.Exit, typer.Abort):
            raise  # no faults: typer ends the verb quietly
        except Exception as error:
            if not one_line(error):
                raise
            note(escape(told(error)).replace("error:", "[red]error:[/]", 1))
            raise typer.Exit(1) from error


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"vf-ray {metadata.version('vf-ray')}")
        raise typer.Exit


app = typer.Typer(
    name="vf-ray",
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of every error; VF_RAY_DEBUG=1 does, too.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Look into tasks, instances, models and runs. Flows start with `python -m flows` or Prefect."""
    if debug:
        os.environ[DEBUG] = "1"


def note(text: str) -> None:
    """Say something that is not the output, on standard error; ``text`` is rich markup."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(text)


def write(path: Path, text: str, what: str) -> None:
    """Write what a person asked for to the file that they named, and say so.

    Raises:
        MendableError: if nothing can be written there.
    """
    with about(str(path)):
        path.write_text(text, encoding="utf-8")
    note(f"{what}: {escape(str(path))}")


def show(text: str) -> None:
    """Print output for a person; ``text`` is rich markup."""
    Console(soft_wrap=True, highlight=False).print(text)


def show_json(value: Any) -> None:
    """Print output for a program: one JSON value on one line."""
    spelled = "utf" not in (sys.stdout.encoding or "utf-8").lower()
    sys.stdout.write(json.dumps(value, ensure_ascii=spelled) + "\n")


def speak_plainly() -> None:
    """Let letters that the terminal cannot show be written as escapes, where they would end the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show_table(title: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a table for a person; its cells are plain text. Off a terminal nothing is cut."""
    table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=not sys.stdout.isatty())
    for row in rows:
        table.add_row(*(escape(str(row[column])) for column in columns))
    width = None if sys.stdout.isatty() else 400
    Console(width=width).print(table)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error while a terminal watches; give what is to be told done and total."""
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
