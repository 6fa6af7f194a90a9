"""The record that an instance was made of, looked for in the raw files of the run that prepared it."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.errors import MendableError
from vf_ray.instances.typed import rows_of
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.types import Reject
from vf_ray.view.rendering import rendered
from vf_ray.view.site import Site, missing

SEARCH_S = 20.0
"""How long a source's records are gone through for one of them."""


@dataclass(frozen=True)
class RawRecord:
    """A record as its reader hands it on, or why there is none to show."""

    fields: Mapping[str, Any]
    kind: str = ""
    """Class of the row."""
    trouble: str = ""


def raw_row(site: Site, request: Request) -> Response:
    """Show the record of a key."""
    name, version = request.path_params["task"], request.path_params["version"]
    key = request.query_params.get("key", "")
    known = site.index.catalogue()
    if name not in known.tasks:
        missing(f"no task {name!r} in the catalogue")
    return rendered(
        request, "raw.html", f"Record {key}", name=name, version=version, key=key,
        source=known.source_of(name), record=_found(site, name, version, key),
    )  # fmt: skip


def _found(site: Site, name: str, version: str, key: str) -> RawRecord:
    run = next(site.index.naming(f"instances/{name}/{version}"), None)
    if run is None:
        return RawRecord(
            {}, trouble="no run names these instances, so nobody knows where their raw files lie"
        )
    try:
        plan = Plan.of(Recipe.from_mapping(run.config), site.store)
        origin = plan.raw_files.origin(site.store, plan.catalogue.source_of(name).name)
        return _searched(rows_of(origin.source(), origin.tree()), key)
    except MendableError as error:
        return RawRecord({}, trouble=str(error))


def _searched(rows: Any, key: str) -> RawRecord:
    ends = time.monotonic() + SEARCH_S
    for count, row in enumerate(rows, start=1):
        if row.key == key:
            kind = "what its reader refused" if isinstance(row, Reject) else type(row).__name__
            return RawRecord(asdict(row), kind)
        if time.monotonic() > ends:
            return RawRecord(
                {}, trouble=f"not among the first {count:,} records; the search ended after {SEARCH_S:g} s"
            )
    return RawRecord({}, trouble="the raw files, as they are now, hold no such record")
