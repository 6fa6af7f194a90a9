"""Every address of the server, and what becomes of errors."""

from collections.abc import Callable
from functools import partial
from importlib.resources import files

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from vf_ray.errors import MendableError
from vf_ray.page.style import CSS
from vf_ray.store import Store
from vf_ray.view.answers import answers, items
from vf_ray.view.catalogue import tasks
from vf_ray.view.guard import Guard
from vf_ray.view.images import image
from vf_ray.view.instances import instance, search, task
from vf_ray.view.lineage import artifact
from vf_ray.view.questions import question_image
from vf_ray.view.raw_rows import raw_row
from vf_ray.view.rejects import rejects
from vf_ray.view.rendering import html
from vf_ray.view.runs import run, runs
from vf_ray.view.site import Site
from vf_ray.view.studies import studies, study

Page = Callable[[Site, Request], Response]
PAGES: dict[str, Page] = {
    "/": tasks,
    "/task/{task:path}": task,
    "/instance/{task:path}/{version}/{split}/{row:int}": instance,
    "/rejects/{task:path}/{version}": rejects,
    "/raw/{task:path}/{version}": raw_row,
    "/search": search,
    "/runs": runs,
    "/run/{run:path}": run,
    "/artifact/{address:path}": artifact,
    "/answers": answers,
    "/answers/{recipe:path}/{version}/{benchmark}": items,
    "/question/{recipe:path}/{version}/{benchmark}": question_image,
    "/studies": studies,
    "/study/{study}/{version}": study,
    "/image/images/{source}/{version}/{sha256}": image,
}


def application(store: Store, token: str, port: int, names: frozenset[str] = frozenset()) -> Starlette:
    """Return the pages over a store, for whoever has the token.

    ``names`` are host names under which it is asked, beside localhost, this machine's own and addresses of
    numbers.
    """
    site = Site(store)
    routes = [Route(path, partial(page, site), methods=["GET"]) for path, page in PAGES.items()]
    folder = str(files("vf_ray.view") / "static")
    return Starlette(
        routes=[*routes, Route("/style.css", _style), Mount("/static", StaticFiles(directory=folder))],
        middleware=[Middleware(Guard, token=token, port=port, more_names=names)],
        exception_handlers={HTTPException: _told, MendableError: _told},
    )


def _style(request: Request) -> Response:
    own = (files("vf_ray.view") / "static" / "view.css").read_text(encoding="utf-8")
    return Response(CSS + own, media_type="text/css")


def _told(request: Request, error: Exception) -> Response:
    """Return a page that says what a person can mend, or that there is nothing at this address."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    words = error.detail if isinstance(error, HTTPException) else str(error)
    return html(request, "error.html", "Not here" if status == 404 else "Trouble", status, words=words)
