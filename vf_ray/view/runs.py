"""Runs: a list of them, and one with its chain, its curves, its cost, and what changed before and since."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.artifacts.cost import of_step
from vf_ray.errors import MendableError
from vf_ray.plan import run_records
from vf_ray.plan.plan import Plan
from vf_ray.plan.run_records import RunRecord
from vf_ray.recipe import Recipe
from vf_ray.recipe.graph import may_make_models
from vf_ray.view.chain import chain
from vf_ray.view.curves import StageCurves, curves
from vf_ray.view.rendering import rendered, to
from vf_ray.view.site import Site, missing, whole_number
from vf_ray.view.store_index import EVALUATE
from vf_ray.view.tables import Cell, CellLink, PageTable
from vf_ray.view.under_way import UnderWay

ON_A_PAGE = 25
REPORT = "report"
"""Name of a run's last step, and kind of what it makes."""
REFRESHED_S = 10
"""How often the page of a run is loaded anew while something of it is being built."""
COLUMNS = {
    "run": str,
    "began": str,
    "recipe": str,
    "who": str,
    "commit": str,
    "finished": int,
    "artifacts": int,
}
COST = {"step": str, "seconds": float, "GPU hours": float, "attempts": int, "bytes": int}
STEPS = {"step": str, "artifact": str, "state": str}


def runs(site: Site, request: Request) -> Response:
    """Show the runs of the store, newest first."""
    recipe, page = request.query_params.get("recipe", ""), whole_number(request, "page")
    every = site.index.runs()
    chosen = [run for run in every if recipe in ("", run.recipe)]
    shown = chosen[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    table = PageTable(
        name="runs", columns=COLUMNS, rows=_rows(site, shown), every=lambda: _rows(site, chosen)
    )
    return rendered(
        request, "runs.html", "Runs", [table], recipes=sorted({run.recipe for run in every}), recipe=recipe,
        page=page, more=(page + 1) * ON_A_PAGE < len(chosen), count=len(chosen), damaged=site.index.damaged(),
    )  # fmt: skip


def run(site: Site, request: Request) -> Response:
    """Show one run."""
    record = site.index.run(request.path_params["run"]) or missing("no such run in this store")
    finished = site.index.finished({*record.addresses})
    under_way = {step: _newest(site, addresses, finished) for step, addresses in record.versions.items()}
    graph = chain(record, finished, under_way)
    drawn = [one for step in record.versions if (one := _curves(site, record, step))]
    return rendered(
        request, "run.html", f"Run of {record.recipe}", [_steps(record, finished), _cost(site, record),
        *(one.table for one in drawn)], run=record, chain=graph, under_way=under_way, curves=drawn,
        refreshed=REFRESHED_S if graph.is_live else None, drift=_drift(site, record),
        is_first=_is_first(site, record), finished=finished,
        scores=_newest_finished(record, EVALUATE, finished), report=_report(record, finished),
        since=_since(site, record) if request.query_params.get("since") else None,
    )  # fmt: skip


def _rows(site: Site, records: Sequence[RunRecord]) -> list[list[Cell]]:
    finished = site.index.finished({address for run in records for address in run.addresses})
    return [
        [
            CellLink(run.id, to(f"/run/{run.id}")), run.when, run.recipe, run.who, run.commit[:10],
            sum(address in finished for address in run.addresses), len([*run.addresses]),
        ]
        for run in records
    ]  # fmt: skip


def _newest(site: Site, addresses: Sequence[str], finished: set[str]) -> UnderWay | None:
    """Return how far the last artifact of a step is that somebody began and nobody finished."""
    begun = (site.watch.look(address) for address in reversed(addresses) if address not in finished)
    return next(filter(None, begun), None)


def _curves(site: Site, record: RunRecord, step: str) -> StageCurves | None:
    addresses = record.versions[step]
    return curves(site, step, addresses[-1]) if may_make_models(step) and addresses else None


def _steps(record: RunRecord, finished: set[str]) -> PageTable:
    rows: list[list[Cell]] = [
        [step, CellLink(address, to(f"/artifact/{address}")), "finished" if address in finished else "-"]
        for step, addresses in record.versions.items()
        for address in addresses
    ]
    return PageTable(name="artifacts", columns=STEPS, rows=rows)


def _cost(site: Site, record: RunRecord) -> PageTable:
    rows: list[list[Cell]] = []
    for step, addresses in record.versions.items():
        manifests = [artifact.manifest for artifact in site.index.artifacts(addresses).values()]
        rows += [list(astuple(of_step(step, manifests)))] if manifests else []
    return PageTable(name="cost", columns=COST, rows=rows)


def _report(record: RunRecord, finished: set[str]) -> str:
    """Return where the report of a run is shown; empty: there is none yet."""
    address = _newest_finished(record, REPORT, finished)
    return to(f"/{address}") if address else ""


def _newest_finished(record: RunRecord, step: str, finished: set[str]) -> str:
    """Return the last finished artifact of a step; empty: there is none yet."""
    return next((one for one in reversed(record.versions.get(step, ())) if one in finished), "")


def _is_first(site: Site, record: RunRecord) -> bool:
    """Tell whether no older run of the store is of the same recipe."""
    same = (run for run in site.index.runs() if run.recipe == record.recipe)
    return all((run.when, run.id) >= (record.when, record.id) for run in same)


def _drift(site: Site, record: RunRecord) -> list[str]:
    try:
        return run_records.drift(site.store, record.id)
    except MendableError:
        return []


def _since(site: Site, record: RunRecord) -> Mapping[str, Any]:
    """Return the steps that would have other addresses today, or why that cannot be told."""
    try:
        versions = Plan.of(Recipe.from_mapping(record.config), site.store).versions
    except MendableError as error:
        return {"trouble": str(error), "steps": []}
    changed = [step for step, addresses in versions.items() if [*record.versions.get(step, ())] != addresses]
    return {"trouble": "", "steps": changed}
