"""A run's report with its tables as files, beside the page as it was written."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.view.documents import DocumentSection, sections, tables
from vf_ray.view.rendering import rendered
from vf_ray.view.site import Site
from vf_ray.view.written import written_at

RECORD = "report.json"
"""Where in a report's artifact it lies as data."""


def report(site: Site, request: Request) -> Response:
    """Show a report."""
    path = request.path_params
    artifact = site.artifact(f"report/{path['name']}/{path['version']}")
    record, shown = read_document(artifact, RECORD)
    inputs = artifact.manifest["spec"]["inputs"].values()
    return rendered(
        request, "report.html", str(record["title"]), tables(shown), record=record, sections=shown,
        artifact=artifact, written_at=written_at,
        scores=next((address for address in inputs if address.startswith("scores/")), ""),
        run=next(site.index.naming(artifact.address), None),
    )  # fmt: skip


def read_document(artifact: Artifact, name: str) -> tuple[Mapping[str, Any], list[DocumentSection]]:
    """Return a page that lies as data in an artifact, and its sections.

    Raises:
        UserError: if this version cannot read it.
    """
    try:
        record = json.loads(artifact.read(name))
        return {"title": record["title"], "about": record["about"], **record}, sections(record)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        where = artifact.store.at(artifact.address)
        raise UserError(f"{where}: {name} is none that this version reads ({error}); make it again") from None
