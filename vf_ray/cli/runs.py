"""``vf-ray runs``: what the store holds, who made it, from what."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from vf_ray.cli.app import note, show, show_json, show_table
from vf_ray.cli.plans import StoreUrl
from vf_ray.errors import MissingError, UserError

if TYPE_CHECKING:
    from vf_ray.plan.run_records import RunRecord
    from vf_ray.store import Store

runs = typer.Typer(help="List, show, compare and prune runs and their artifacts.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value.")]
COLUMNS = ("id", "when", "recipe", "who", "commit", "finished")


@runs.command("list")
def list_runs(
    recipe: Annotated[str | None, typer.Option(help="Only runs of this recipe.")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first, with how many of each run's artifacts are finished."""
    from vf_ray.plan.run_records import listed

    opened = _opened(store)
    records = [run for run in listed(opened) if recipe in (None, run.recipe)]
    finished = _finished(opened, *records)
    pairs = [(asdict(run), share) for run, share in zip(records, finished, strict=True)]
    if as_json:
        show_json([{**run, "finished": share} for run, share in pairs])
        return
    rows = [{**run, "commit": run["commit"][:10], "finished": _share(share)} for run, share in pairs]
    show_table(f"{len(rows)} runs in {opened.url}", COLUMNS, rows)


@runs.command("show")
def show_run(
    run: Annotated[str, typer.Argument(help="A run's id or its beginning, 'last', or an address.")] = "last",
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a run's artifacts, or an artifact's lineage: what it was made from, and by whom."""
    opened = _opened(store)
    if "/" in run:
        _show_artifact(opened, run, as_json)
    else:
        _show_run(opened, _id(opened, run), as_json)


@runs.command("drift")
def drift_of_run(
    run: Annotated[str, typer.Argument(help="A run's id or its beginning, or 'last'.")] = "last",
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show which keys changed since the run of the same recipe before this one."""
    from vf_ray.plan.run_records import drift

    opened = _opened(store)
    known = _id(opened, run)
    changed = drift(opened, known)
    if as_json:
        show_json(changed)
        return
    show(f"{escape(known)}: {len(changed)} keys differ from the run before it")
    for line in changed:
        show(f"  {escape(line)}")


@runs.command("cost")
def cost_of_run(
    run: Annotated[str, typer.Argument(help="A run's id or its beginning, or 'last'.")] = "last",
    price: Annotated[float, typer.Option(min=0, help="Of one GPU hour, in any currency.")] = 0.0,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Add up what a run's results took to make, whichever run made them: time, GPU hours, bytes."""
    from vf_ray.artifacts.cost import Cost, costs
    from vf_ray.plan.run_records import show as record

    opened = _opened(store)
    run_id = _id(opened, run)
    spent = costs(opened, record(opened, run_id).versions)
    rows = [{**asdict(cost), "price": round(price * cost.gpu_hours, 2)} for cost in spent]
    if as_json:
        show_json(rows)
        return
    columns = [field.name for field in fields(Cost)] + ["price"] * bool(price)
    show_table(f"what {run_id} rests on", columns, rows)
    hours = sum(cost.gpu_hours for cost in spent)
    priced = f", {price * hours:,.2f} at {price:,.2f} an hour" if price else ""
    note(f"{sum(cost.seconds for cost in spent):,.0f} s, {hours:,.2f} GPU hours{priced}")


@runs.command("verify")
def verify_run(
    run: Annotated[str, typer.Argument(help="A run's id or its beginning, 'last', or an address.")] = "last",
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Read every finished file again and compare it with its checksum; ends with 1 if one was altered."""
    from vf_ray.artifacts import load
    from vf_ray.plan.run_records import show as record

    opened = _opened(store)
    (finished,) = [{run: True}] if "/" in run else _finished(opened, record(opened, _id(opened, run)))
    whole = [load(opened, address) for address, is_there in finished.items() if is_there]
    altered = [problem for artifact in whole for problem in artifact.problems()]
    if as_json:
        show_json(altered)
    else:
        show("\n".join(map(escape, altered)) or f"{len(whole)} artifacts are what was published")
    if missing := len(finished) - len(whole):
        note(f"[yellow]{missing} artifacts are not finished[/], so there is nothing to compare")
    if altered:
        raise typer.Exit(1)


@runs.command("prune")
def prune_store(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Remove dead attempts and versions that no run names; never what is being built.

    Whether somebody still builds an artifact without COMPLETE shows only after a minute of watching.
    """
    from vf_ray.plan.run_records import prune

    opened = _opened(store)
    removed = prune(opened, dry_run=dry_run)
    rows = [{"path": r.path, "files": len(r.files), "bytes": r.size_bytes, "why": r.why} for r in removed]
    if as_json:
        show_json(rows)
        return
    show_table("would go" if dry_run else "gone", ("path", "files", "bytes", "why"), rows)
    note(f"{sum(r.size_bytes for r in removed):,} bytes in {len(rows)} places")


def _opened(url: str | None) -> "Store":
    from vf_ray.store import STORE_URL, Store

    opened = Store.open(url)
    if not opened.is_folder():
        raise MissingError(
            f"{opened.url}: there is no store; correct --store or {STORE_URL}, or start a run, e.g. with "
            "`make demo`"
        )
    return opened


def _id(store: "Store", run: str) -> str:
    """Return the id of a run that is named by it, by what only it begins with, or as the last one."""
    from vf_ray.plan.run_records import ids, listed

    if run != "last":
        begun = [known for known in ids(store) if known.startswith(run)]
        return begun[0] if len(begun) == 1 else run
    records = listed(store)
    if not records:
        raise UserError(f"{store.url} has no runs yet; start one, e.g. with `make demo`")
    return records[0].id


def _finished(store: "Store", *runs: "RunRecord") -> list[dict[str, bool]]:
    """Return for each run which of its artifacts are finished; what several name is asked for once."""
    from vf_ray.artifacts import finished_among

    there = finished_among(store, (address for run in runs for address in run.addresses))
    return [{address: address in there for address in run.addresses} for run in runs]


def _share(finished: Mapping[str, bool]) -> str:
    return f"{sum(finished.values())}/{len(finished)}"


def _show_run(store: "Store", run_id: str, as_json: bool) -> None:
    from vf_ray.plan.run_records import show as record

    run = record(store, run_id)
    (finished,) = _finished(store, run)
    if as_json:
        show_json({**asdict(run), "finished": finished})
        return
    show(f"[bold]{escape(run.id)}[/]  {run.when}  {escape(run.who)}  {run.commit[:10]}")
    rows = [
        {"step": step, "artifact": address, "finished": "yes" if finished[address] else "no"}
        for step, addresses in run.versions.items()
        for address in addresses
    ]
    show_table(f"recipe {run.recipe}", ("step", "artifact", "finished"), rows)


def _show_artifact(store: "Store", address: str, as_json: bool) -> None:
    from vf_ray.artifacts import load

    manifest = load(store, address).manifest
    if as_json:
        show_json(manifest)
        return
    size = sum(file["bytes"] for file in manifest["files"].values())
    show(f"[bold]{escape(address)}[/]  {len(manifest['files'])} files, {size:,} bytes")
    for part in ("stats", "run"):
        show(f"{part}: {escape(str(manifest[part]))}")
    for line in _lineage(store, address, 0, set()):
        show(line)


def _lineage(store: "Store", address: str, depth: int, seen: set[str]) -> Iterator[str]:
    """Yield an indented line for each thing an artifact was made from; each is opened once."""
    from vf_ray.artifacts import is_finished, load

    if address in seen or not is_finished(store, address):
        return
    seen.add(address)
    for role, source in load(store, address).manifest["spec"]["inputs"].items():
        again = " [dim](above)[/]" if source in seen else ""
        yield f"{'  ' * (depth + 1)}{escape(role)} [dim]from[/] {escape(source)}{again}"
        yield from _lineage(store, source, depth + 1, seen)
