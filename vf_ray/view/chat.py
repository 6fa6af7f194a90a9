"""The pages of conversations: begin one with a model or two, go on, bring an image along."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from vf_ray.recipe.graph import is_model_address
from vf_ray.shards.decode import BadImageError
from vf_ray.view.chat_room import UPLOADED, Conversation
from vf_ray.view.rendering import html, to
from vf_ray.view.site import Site, missing
from vf_ray.view.stored_images import SIDES, shown

GONE = "no such conversation: the last few are kept, while the server runs"


def chat(site: Site, request: Request) -> Response:
    """Show the form that begins a conversation, or one that was begun."""
    name, query = request.path_params.get("name", ""), request.query_params
    conversation = (site.chats.conversations.get(name) or missing(GONE)) if name else None
    return html(
        request, "chat.html", "Chat", models=[*site.chats.served, *site.index.models()], name=name,
        conversation=conversation, model=query.get("model", ""), other=query.get("other", ""),
        question=query.get("q", ""), place=_place,
        image=conversation.image if conversation else query.get("image", ""),
    )  # fmt: skip


def ask(site: Site, request: Request, body: bytes) -> Response:
    """Begin a conversation, or go on with one, by a question; lead to its page."""
    form = {key: values[0] for key, values in parse_qs(body.decode(errors="replace")).items()}
    name, words = request.path_params.get("name", ""), form.get("question", "").strip()
    conversation = (site.chats.conversations.get(name) or missing(GONE)) if name else _begun(site, form)
    if words:
        image = _bytes(site, conversation.image) if conversation.image else None
        site.chats.ask(conversation, words, image, site.artifact)
        name = name or site.chats.keep(conversation)
    return RedirectResponse(to(f"/chat/{name}" if name else "/chat"), 303)


def upload(site: Site, request: Request, body: bytes) -> Response:
    """Keep an image that was brought along, and say how it is called."""
    try:
        name = site.chats.upload(body)
    except BadImageError as error:
        return JSONResponse({"trouble": f"{error.reason} {error.detail}".strip()}, 422)
    return JSONResponse({"image": name, "place": _place(name)})


def uploaded(site: Site, request: Request) -> Response:
    """Return an image that was brought along."""
    try:
        data, kind = shown(_bytes(site, f"{UPLOADED}/{request.path_params['sha256']}"), SIDES["large"])
    except BadImageError as error:
        missing(f"this image cannot be shown: {error.reason}")
    return Response(data, media_type=kind)


def _begun(site: Site, form: Mapping[str, str]) -> Conversation:
    models = dict.fromkeys(one for key in ("model", "other") if (one := form.get(key)))
    for model in models:
        if model not in site.chats.served and not is_model_address(model):
            missing(f"no model {model!r}")
    if not models:
        missing("name a model to ask")
    return Conversation(tuple(models), form.get("image", ""))


def _bytes(site: Site, name: str) -> bytes:
    """Return an image: one that was brought along, or ``images/<source>/<version>/<sha256>`` of the store."""
    if name.startswith(f"{UPLOADED}/"):
        return site.chats.uploads.get(name) or missing("this image was forgotten; bring it along again")
    address, _, digest = name.rpartition("/")
    if not address.startswith("images/"):
        missing(f"no image is called {name!r}")
    return site.images.read(site.artifact(address), digest)


def _place(image: str) -> str:
    """Return where an image is served."""
    return to(f"/chat/{image}" if image.startswith(f"{UPLOADED}/") else f"/image/{image}")
