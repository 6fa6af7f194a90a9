"""Pages and drawings as they were written into the store: shown as they are, and nothing in them runs."""

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.artifacts import Artifact
from vf_ray.plan.reporting import PAGE
from vf_ray.plan.run_records import STUDY
from vf_ray.view.rendering import to
from vf_ray.view.site import Site, missing

PAGES = {"report": PAGE, STUDY: "study.html"}
"""Kind of artifact to the file of its page."""
DRAWING = ".svg"
INERT = {  # nobody can tell who wrote it: so it has no origin, loads nothing, and tells nobody where it is
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox"
    ),
    "referrer-policy": "no-referrer",
}


def written(site: Site, request: Request) -> Response:
    """Return the page of a report or a study, or a drawing of it."""
    path = request.path_params
    artifact = site.artifact(f"{path['kind']}/{path['name']}/{path['version']}")
    file = path.get("file") or PAGES.get(path["kind"]) or missing("only reports and studies have pages")
    if path["kind"] not in PAGES or file not in artifact.names():
        missing(f"{artifact.address} holds no {file}")
    if file.endswith(DRAWING):
        return Response(artifact.read(file), media_type="image/svg+xml", headers=INERT)
    if file != PAGES[path["kind"]]:
        missing("only pages and drawings are shown")
    return Response(artifact.read(file), media_type="text/html; charset=utf-8", headers=INERT)


def written_at(artifact: Artifact, file: str = "") -> str:
    """Return where the page of a report or a study is, as it was written, or one of its drawings."""
    return to(f"/written/{artifact.address}" + (f"/file/{file}" if file else ""))
