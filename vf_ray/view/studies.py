"""Studies: what each says, its figures as tables and charts, and from every figure to the runs behind it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.page.plots import Dot, intervals
from vf_ray.plan.run_records import STUDY
from vf_ray.view.rendering import rendered, to
from vf_ray.view.site import Site
from vf_ray.view.tables import Cell, CellLink, PageTable

RECORD = "study.json"
"""Where in a study's artifact its page lies as data."""
INK = "#2563c9"
OUTCOMES = {
    "outcome": str, "run": str, "mean": float, "items_low": float, "items_high": float, "seed_sd": float,
    "seeds": int, "items": int, "difference": float, "low": float, "high": float, "p": float, "p_holm": float,
    "detectable": float, "official_metric": str, "official": float, "published": float,
}  # fmt: skip
LIST = {"study": str, "version": str, "finished": str, "runs": int, "outcomes": int}
RUNS = {"run": str, "seed": int, "scores": str, "begun as": str}


def studies(site: Site, request: Request) -> Response:
    """Show the studies of the store, the newest version of each first."""
    rows = [_row(artifact) for artifact in site.index.artifacts(_addresses(site)).values()]
    newest = sorted(rows, key=lambda row: str(row[2]), reverse=True)
    return rendered(
        request, "studies.html", "Studies", [PageTable(name="studies", columns=LIST, rows=newest)]
    )


def study(site: Site, request: Request) -> Response:
    """Show one study."""
    artifact = site.artifact(f"{STUDY}/{request.path_params['study']}/{request.path_params['version']}")
    record = _record(artifact)
    outcomes: Sequence[Mapping[str, Any]] = record["rows"]
    tables = [
        PageTable(name="outcomes", columns=OUTCOMES, rows=[_outcome(one) for one in outcomes]),
        PageTable(name="runs", columns=RUNS, rows=list(_runs(site, artifact))),
    ]
    return rendered(
        request, "study.html", str(record["title"]), tables, record=record, artifact=artifact,
        charts=dict(_charts(outcomes)),
    )  # fmt: skip


def _addresses(site: Site) -> Iterator[str]:
    """Yield the address of every study page: no run names them."""
    if site.store.is_folder(STUDY):
        for name, is_folder in site.store.entries(STUDY):
            versions = site.store.entries(f"{STUDY}/{name}") if is_folder else ()
            yield from (f"{STUDY}/{name}/{version}" for version, below in versions if below)


def _row(artifact: Artifact) -> list[Cell]:
    _, name, version = artifact.address.split("/")
    stats, run = artifact.stats, artifact.manifest["run"]
    link = CellLink(name, to(f"/study/{name}/{version}"))
    return [link, version, run["finished"], stats.get("runs"), stats.get("outcomes")]


def _record(artifact: Artifact) -> Mapping[str, Any]:
    try:
        record = json.loads(artifact.read(RECORD))
        return {key: record[key] for key in ("title", "about", "sections", "rows")}
    except (ValueError, KeyError, TypeError) as error:
        where = artifact.store.at(artifact.address)
        raise UserError(
            f"{where}: {RECORD} is none that this version reads ({error}); make it again"
        ) from None


def _outcome(row: Mapping[str, Any]) -> list[Cell]:
    cells: Mapping[str, Cell] = {**row, "run": CellLink(str(row.get("run")), "#runs")}
    return [cells.get(name) for name in OUTCOMES]


def _charts(outcomes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each outcome with the means of its runs drawn, and their intervals for other items."""
    by_outcome: dict[str, dict[str, list[Dot]]] = {}
    for row in outcomes:
        low, high = max(0.0, row["items_low"]), min(1.0, row["items_high"])
        dot = Dot(name="items", colour=INK, value=row["mean"], low=low, high=high)
        by_outcome.setdefault(row["outcome"], {})[row["run"]] = [dot]
    for outcome, dots in by_outcome.items():
        yield (
            outcome,
            intervals(dots, x_label=f"{outcome}: mean, % (whiskers: 95% for other items)", width=640).svg,
        )


def _runs(site: Site, artifact: Artifact) -> Iterator[list[Cell]]:
    """Yield each run of a study, by seed, with the scores that it gave and the run that made them."""
    for role, address in artifact.manifest["spec"]["inputs"].items():
        variant, _, seed = role.rpartition(", ")
        run = next(site.index.naming(address), None)
        begun = CellLink(run.id, to(f"/run/{run.id}")) if run else None
        yield [variant, int(seed), CellLink(address, to(f"/artifact/{address}")), begun]
