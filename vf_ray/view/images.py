"""Stored images on request, by address and content; encoded anew, so that nothing else is served."""

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.shards.decode import BadImageError
from vf_ray.view.site import Site, missing
from vf_ray.view.stored_images import SIDES, shown

FOR_EVER = "private, max-age=31536000, immutable"
"""What a content's hash names never changes."""


def image(site: Site, request: Request) -> Response:
    """Return a stored picture, small or large."""
    artifact = site.artifact(f"images/{request.path_params['source']}/{request.path_params['version']}")
    side = SIDES.get(request.query_params.get("size", ""), SIDES["large"])
    try:
        data, kind = shown(site.images.read(artifact, request.path_params["sha256"]), side)
    except BadImageError as error:
        missing(f"this picture cannot be shown: {error.reason}")
    return Response(data, media_type=kind, headers={"cache-control": FOR_EVER})
