"""Tell people where a run stands: lines on the terminal, artifacts in the Prefect run."""

import shutil
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.watch import Moment, Watch, clock
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec
from vf_ray.plan.plan import Plan
from vf_ray.plan.reporting import MARKDOWN, PAGE, SUMMARY
from vf_ray.store import Store

PAPER = b'<svg style="background:#fff" '
"""Prefect shows a plot on its own page, which may be as dark as our ink."""
QUIET_S = 30.0
"""Seconds between two lines where the output is no terminal."""


class Show:
    """Says what happens, once to the terminal and once to Prefect."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self.store = store
        self.plan = plan
        self._begun = time.monotonic()

    def plan_and_changes(self, changes: list[str]) -> None:
        """Say what will be looked at, and which keys changed since the recipe's last run."""
        say(f"recipe {self.plan.recipe.name}: {' > '.join(self.plan.steps)}")
        say(f"store  {self.store.url}")
        for change in changes:
            say(f"changed since the last run: {change}")

    def todo(self, unfinished: Mapping[str, Sequence[Spec]]) -> None:
        """Say which of each step's artifacts a run would build."""
        for step, specs in unfinished.items():
            if not specs:
                self.up_to_date(step)
            for spec in specs:
                say(f"{step:<9}would build  {spec.address}")

    def up_to_date(self, step: str) -> None:
        """Say that a step's artifacts are in the store already."""
        say(f"{step:<9}up to date   {self._where(step)}")

    @contextmanager
    def running(self, step: str) -> Iterator[None]:
        """Show a step's progress while the block runs, and how long it took."""
        begun = time.monotonic()
        lines, key = _Lines(), step.replace("_", "-")
        shown = create_progress_artifact(progress=0.0, key=f"progress-{key}", description=step)
        assert isinstance(shown, UUID)

        def publish(moment: Moment) -> None:
            lines.put(moment.line())
            update_progress_artifact(shown, 100 * moment.share, description=moment.line())

        with Watch(self.store, step, self.plan.addresses(step), publish):
            yield
        lines.close()
        update_progress_artifact(shown, 100.0)
        say(f"{step:<9}done in {clock(time.monotonic() - begun)}   {self._where(step)}")

    def results(self) -> None:
        """Print the table of results and attach table, plots and links to the Prefect run."""
        report = artifacts.find(self.store, self.plan.report)
        if report is None:
            return
        markdown = report.read(MARKDOWN).decode()
        create_markdown_artifact(markdown, key="results", description=self.plan.recipe.name)
        for name in (n for n in report.names() if n.endswith(".svg")):
            drawing = report.read(name).replace(b"<svg ", PAPER, 1)
            url = f"data:image/svg+xml;base64,{b64encode(drawing).decode()}"
            create_image_artifact(url, key=f"plot-{name.removesuffix('.svg').replace('_', '-')}")
        create_table_artifact(
            [{"step": s, "artifact": a} for s in self.plan.steps for a in self.plan.addresses(s)],
            key="artifacts",
        )
        create_link_artifact(where(report, PAGE), PAGE, key="report")
        say("")
        say(report.read(SUMMARY).decode().rstrip())
        say(f"\nall in {clock(time.monotonic() - self._begun)}; report: {where(report, PAGE)}")

    def _where(self, step: str) -> str:
        addresses = self.plan.addresses(step)
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        return f"{addresses[-1]}{more}"


def where(artifact: Artifact, name: str) -> str:
    """Return where a person finds a file of an artifact: a local path, or a URL."""
    path = artifact.path(name)
    local = artifact.store.local_path(path)
    return str(local) if local else f"{artifact.store.url}/{path}"


def say(line: str) -> None:
    """Print a line at once; Prefect picks it up where it is told to log prints."""
    print(line, flush=True)


class _Lines:
    """Progress lines: rewritten in place on a terminal, now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._last = 0.0

    def put(self, line: str) -> None:
        if self._terminal:
            width = shutil.get_terminal_size().columns  # a line that wraps could not be taken back
            print(f"\r\x1b[K{line[: width - 1]}", end="", flush=True)
        elif time.monotonic() - self._last >= QUIET_S:
            self._last = time.monotonic()
            say(line)

    def close(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", flush=True)
