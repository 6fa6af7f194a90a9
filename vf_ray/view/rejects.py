"""Records that could not be used: by reason, each with what names it in the raw files."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.artifacts import Artifact
from vf_ray.artifacts.paths import rejects_of
from vf_ray.view.rendering import rendered, to
from vf_ray.view.site import Site, whole_number
from vf_ray.view.tables import Cell, CellLink, PageTable

FILES = ("rows", "images")
"""Of ``rejected/``: what was wrong with records, and with their pictures."""
ON_A_PAGE = 100
COLUMNS = {"record": str, "reason": str, "detail": str}


def rejects(site: Site, request: Request) -> Response:
    """Show the records that a task left out, or those of one reason."""
    name, version = request.path_params["task"], request.path_params["version"]
    artifact = site.artifact(f"instances/{name}/{version}")
    reason, page = request.query_params.get("reason", ""), whole_number(request, "page")

    def every() -> Iterator[list[Cell]]:
        for line in _lines(artifact):
            if reason in ("", line["reason"]):
                yield [_raw(name, version, line["key"]), line["reason"], line["detail"]]

    rows = list(islice(every(), page * ON_A_PAGE, (page + 1) * ON_A_PAGE + 1))
    table = PageTable(name="rejects", columns=COLUMNS, rows=rows[:ON_A_PAGE], every=every)
    return rendered(
        request, "rejects.html", f"Rejects of {name}", [table], name=name, version=version, reason=reason,
        page=page, more=len(rows) > ON_A_PAGE, counts=artifact.stats["rejected"],
        screened=artifact.manifest["spec"]["inputs"].get("screened"),
    )  # fmt: skip


def _raw(name: str, version: str, key: str) -> CellLink:
    return CellLink(key, to(f"/raw/{name}/{version}", key=key))


def _lines(artifact: Artifact) -> Iterator[dict[str, Any]]:
    store = artifact.store
    for name in FILES:
        path = rejects_of(artifact.address, name)
        if store.exists(path):
            yield from map(json.loads, store.read(path).splitlines())
