"""Studies: what each says, its figures as tables and charts, and from every figure to the runs behind it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.artifacts import Artifact
from vf_ray.page.plots import SINGLE_INK, Dot, narrow_intervals
from vf_ray.plan.run_records import STUDY
from vf_ray.view.documents import tables
from vf_ray.view.rendering import rendered, to
from vf_ray.view.reports import read_document
from vf_ray.view.site import Site
from vf_ray.view.study_runs import RunBehind, StudyCurves, behind, runs_behind, stages, study_curves
from vf_ray.view.tables import Cell, CellLink, PageTable
from vf_ray.view.written import written_at

RECORD = "study.json"
"""Where in a study's artifact its page lies as data."""
INK = "#2563c9"
PERCENT = "%"
"""The unit of shares; other figures are told as they are."""
BEHIND = "#behind"
"""Where the page lists the runs."""
OUTCOMES = {
    "outcome": str, "run": str, "unit": str, "mean": float, "items_low": float, "items_high": float,
    "seed_sd": float, "seeds": int, "items": int, "difference": float, "low": float, "high": float,
    "p": float, "p_holm": float, "detectable": float, "official_metric": str, "official": float,
    "published": float,
}  # fmt: skip
LIST = {"study": str, "version": str, "finished": str, "runs": int, "outcomes": int}


def studies(site: Site, request: Request) -> Response:
    """Show the studies of the store, the newest version of each first."""
    rows = [_row(artifact) for artifact in site.index.artifacts(_addresses(site)).values()]
    newest = sorted(rows, key=lambda row: str(row[2]), reverse=True)
    return rendered(
        request, "studies.html", "Studies", [PageTable(name="studies", columns=LIST, rows=newest)]
    )


def study(site: Site, request: Request) -> Response:
    """Show one study; the address may ask for a stage's curves."""
    artifact = site.artifact(f"{STUDY}/{request.path_params['study']}/{request.path_params['version']}")
    record, shown = read_document(artifact, RECORD)
    outcomes, points = _rows_of(record, "rows"), _rows_of(record, "points")
    runs, stage = runs_behind(site, artifact), request.query_params.get("stage", "")
    drawn = study_curves(site, runs, stage) if stage else StudyCurves([])
    table = PageTable(name="outcomes", columns=OUTCOMES, rows=[_outcome(one) for one in outcomes])
    return rendered(
        request, "study.html", str(record["title"]), [*tables(shown), table, behind(runs), drawn.table],
        record=record, sections=shown, artifact=artifact, written_at=written_at,
        charts=dict(_charts(outcomes, points, runs)), stages=stages(site, runs), stage=stage,
        curves=drawn.plots,
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


def _rows_of(record: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = record.get(name, ())
    return rows


def _outcome(row: Mapping[str, Any]) -> list[Cell]:
    cells: Mapping[str, Cell] = {**row, "run": CellLink(str(row.get("run")), BEHIND)}
    return [cells.get(name) for name in OUTCOMES]


def _charts(
    outcomes: Sequence[Mapping[str, Any]], points: Sequence[Mapping[str, Any]], runs: Sequence[RunBehind]
) -> Iterator[tuple[str, str]]:
    """Yield each outcome with the means of its variants drawn, and of their runs, each a link to its run."""
    by_outcome: dict[str, dict[str, list[Dot]]] = {}
    units: dict[str, str] = {}
    for row in outcomes:
        unit = units[row["outcome"]] = str(row.get("unit", PERCENT))
        low, high = max(0.0, row["items_low"]), row["items_high"]
        high = min(1.0, high) if unit == PERCENT else high
        dot = Dot(name="items", colour=INK, value=row["mean"], low=low, high=high, href=BEHIND)
        by_outcome.setdefault(row["outcome"], {})[row["run"]] = [dot]
    single = _single(points, {(run.variant, run.seed): run.href for run in runs})
    for outcome, dots in by_outcome.items():
        each, unit = single.get(outcome, {}), units[outcome]
        most = 1.0 if unit == PERCENT else max(dot.high for some in dots.values() for dot in some) or 1.0
        yield outcome, narrow_intervals(
            dots, x_label=f"mean, {unit} (whiskers: 95% for other items)", points=each, most=most,
            factor=100.0 if unit == PERCENT else 1.0, outcome=outcome,
        ).svg  # fmt: skip


def _single(
    points: Sequence[Mapping[str, Any]], places: Mapping[tuple[str, int], str]
) -> Mapping[str, Mapping[str, Sequence[Dot]]]:
    """Return the means of single runs by outcome and variant; ``places`` has where each run is shown."""
    dots: dict[str, dict[str, list[Dot]]] = {}
    for point in points:
        mean, key = point["mean"], (point["run"], point["seed"])
        name = f"{point['run']}, seed {point['seed']}"
        dot = Dot(name=name, colour=SINGLE_INK, value=mean, low=mean, high=mean, href=places.get(key, BEHIND))
        dots.setdefault(point["outcome"], {}).setdefault(point["run"], []).append(dot)
    return dots
