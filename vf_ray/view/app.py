"""Every address of the server, and what becomes of errors."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from vf_ray.errors import MendableError, MissingError
from vf_ray.page.style import CSS
from vf_ray.recipe import Served
from vf_ray.store import Store
from vf_ray.view.answers import answers, items
from vf_ray.view.benchmark_question import benchmark_image, benchmark_question
from vf_ray.view.catalogue import tasks
from vf_ray.view.chat import ask, chat, upload, uploaded
from vf_ray.view.chat_room import ChatRoom
from vf_ray.view.guard import Guard
from vf_ray.view.images import image
from vf_ray.view.instances import instance, search, task
from vf_ray.view.lineage import artifact
from vf_ray.view.question_images import question_image
from vf_ray.view.raw_rows import raw_row
from vf_ray.view.rejects import rejects
from vf_ray.view.rendering import html
from vf_ray.view.reports import report
from vf_ray.view.runs import run, runs
from vf_ray.view.screened import screened
from vf_ray.view.site import Site
from vf_ray.view.studies import studies, study
from vf_ray.view.written import written

Page = Callable[[Site, Request], Response]
Sending = Callable[[Site, Request, bytes], Response]
LARGEST = 24 << 20
"""Bytes that a page may send: an image."""
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
    "/benchmark/{benchmark}": benchmark_question,
    "/benchmark/{benchmark}/image": benchmark_image,
    "/screened/{source}/{version}": screened,
    "/report/{name:path}/{version}": report,
    "/written/{kind}/{name:path}/{version}/file/{file}": written,
    "/written/{kind}/{name:path}/{version}": written,
    "/studies": studies,
    "/study/{study}/{version}": study,
    "/chat": chat,
    "/chat/uploaded/{sha256}": uploaded,
    "/chat/{name}": chat,
    "/image/images/{source}/{version}/{sha256}": image,
}
SENDINGS: dict[str, Sending] = {"/chat": ask, "/chat/upload": upload, "/chat/{name}": ask}


def application(
    store: Store, token: str, port: int, *, names: frozenset[str] = frozenset(),
    served: Mapping[str, Served] = MappingProxyType({}),
) -> Starlette:  # fmt: skip
    """Return the pages over a store, for whoever has the token.

    ``names`` are host names under which it is asked, beside localhost, this machine's own and addresses of
    numbers; ``served`` models that may be asked, by name.
    """
    site = Site(store, chats=ChatRoom(served))
    routes = [Route(path, partial(page, site), methods=["GET"]) for path, page in PAGES.items()]
    routes += [Route(path, partial(_sent, site, page), methods=["POST"]) for path, page in SENDINGS.items()]
    folder = str(files("vf_ray.view") / "static")
    return Starlette(
        routes=[*routes, Route("/style.css", _style), Mount("/static", StaticFiles(directory=folder))],
        middleware=[Middleware(Guard, token=token, port=port, more_names=names)],
        exception_handlers={HTTPException: _told, MendableError: _told},
    )


async def _sent(site: Site, page: Sending, request: Request) -> Response:
    """Hand what a page sends, as far as it may, to what answers it in a thread."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise HTTPException(413, f"more than {LARGEST:,} bytes; shrink the image")
    return await run_in_threadpool(page, site, request, bytes(body))


def _style(request: Request) -> Response:
    own = (files("vf_ray.view") / "static" / "view.css").read_text(encoding="utf-8")
    return Response(CSS + own, media_type="text/css")


def _told(request: Request, error: Exception) -> Response:
    """Return a page that says what a person can mend, or that there is nothing at this address."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    status = 404 if isinstance(error, MissingError) else status
    words = error.detail if isinstance(error, HTTPException) else str(error)
    return html(request, "error.html", "Not here" if status == 404 else "Trouble", status, words=words)
