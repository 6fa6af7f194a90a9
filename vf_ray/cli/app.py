"""The application that the verbs join: one place for errors and for output."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

EXPECTED = (ValueError, OSError, RuntimeError, ImportError)
"""Errors that name their cause and remedy; anything else is a fault of ours and keeps its traceback."""


class Verbs(TyperGroup):
    """Ends a verb that meets bad input with one line on standard error and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, typer.Exit, typer.Abort):
            raise  # no faults: typer ends the verb quietly
        except EXPECTED as error:
            note(f"[red]error:[/] {escape(str(error) or repr(error))}")
            raise typer.Exit(1) from error


app = typer.Typer(
    name="vf-ray",
    help="Look into tasks, instances, models and runs. Flows start with `python -m flows` or Prefect.",
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def note(text: str) -> None:
    """Say something that is not the output, on standard error; ``text`` is rich markup."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(text)


def show(text: str) -> None:
    """Print output for a person; ``text`` is rich markup."""
    Console(soft_wrap=True, highlight=False).print(text)


def show_json(value: Any) -> None:
    """Print output for a program: one JSON value on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


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
