"""An artifact: what it holds, what it was made from, all the way up, and what was made from it."""

from collections.abc import Iterator
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.recipe.graph import is_model_address
from vf_ray.view.rendering import rendered, to
from vf_ray.view.site import Site, missing
from vf_ray.view.store_index import is_address
from vf_ray.view.tables import Cell, CellLink, PageTable

SHOWN, LOOKED_AT = 200, 4000
"""Rows of a lineage on the page, and artifacts that are asked whether they were made from this one."""
UP = {"as": str, "artifact": str, "steps up": int}
DOWN = {"as": str, "artifact": str}
FILES = {"file": str, "bytes": int, "sha256": str}


def artifact(site: Site, request: Request) -> Response:
    """Show an artifact."""
    address = request.path_params["address"]
    if not is_address(address):
        missing(f"{address} is no address of an artifact")
    shown = site.artifact(address)
    manifest = shown.manifest
    up = [[role, link(source), depth] for depth, role, source in _up(site, address)]
    down, looked_at, of = _down(site, address)
    files: list[list[Cell]] = [[n, f["bytes"], f["sha256"]] for n, f in manifest["files"].items()]
    tables = [
        PageTable(name="up", columns=UP, rows=up[:SHOWN], every=lambda: up),
        PageTable(name="down", columns=DOWN, rows=down[:SHOWN], every=lambda: down),
        PageTable(name="files", columns=FILES, rows=files[:SHOWN], every=lambda: files),
    ]
    return rendered(
        request, "artifact.html", address, tables, manifest=manifest, page_of=page_of(address),
        runs=list(islice(site.index.naming(address), 8)), looked_at=looked_at, of=of,
        is_model=is_model_address(address),
    )  # fmt: skip


def link(address: str) -> Cell:
    """Return an address as a link, or what is none as it is: a fingerprint of raw files."""
    return CellLink(address, to(f"/artifact/{address}")) if is_address(address) else address


def page_of(address: str) -> str:
    """Return the page on what an artifact holds, where there is one beside its own."""
    kind, _, rest = address.partition("/")
    name, _, version = rest.rpartition("/")
    pages = {
        "instances": to(f"/task/{name}", version=version),
        "scores": to("/answers", scores=address),
        "report": to(f"/report/{name}/{version}"),
        "screened": to(f"/screened/{name}/{version}"),
        "study": to(f"/study/{name}/{version}"),
    }
    return pages.get(kind, "")


def _up(site: Site, address: str) -> Iterator[tuple[int, str, str]]:
    """Yield depth, role and address of all that an artifact was made from, each once, nearest first."""
    seen, level, depth = {address}, [address], 0
    while level:
        depth += 1
        known = site.index.artifacts(one for one in level if is_address(one))
        level = []
        for one in known.values():
            for role, source in one.manifest["spec"]["inputs"].items():
                if source not in seen:
                    seen.add(source)
                    level.append(source)
                    yield depth, role, source


def _down(site: Site, address: str) -> tuple[list[list[Cell]], int, int]:
    """Return what was made from an artifact, how many were asked whether they were, and of how many."""
    others = [a for run in site.index.naming(address) for a in run.addresses if a != address]
    candidates = list(dict.fromkeys(others))
    known = site.index.artifacts(candidates[:LOOKED_AT])
    rows: list[list[Cell]] = [
        [role, link(one)]
        for one, there in known.items()
        for role, source in there.manifest["spec"]["inputs"].items()
        if source == address
    ]
    return rows, min(LOOKED_AT, len(candidates)), len(candidates)
