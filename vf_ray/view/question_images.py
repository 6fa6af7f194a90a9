"""The images of a benchmark's questions on request; encoded anew, so that nothing else is served."""

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.errors import MendableError
from vf_ray.eval.benchmark import Question
from vf_ray.shards.decode import BadImageError
from vf_ray.view.rendering import to
from vf_ray.view.site import Site, missing, whole_number
from vf_ray.view.stored_images import SIDES, shown


def question_image(site: Site, request: Request) -> Response:
    """Return an image of a question, by its number."""
    path = request.path_params
    scores = site.artifact(f"scores/{path['recipe']}/{path['version']}")
    asking = site.questions.of(scores, path["benchmark"])
    question = asking.questions.get(request.query_params.get("id", "")) or missing("no such question")
    return image_of(question, request)


def image_of(question: Question, request: Request) -> Response:
    """Return the image of a question that an address asks for by number, small or large."""
    images = [*([question.image] if question.image else ()), *question.later_images]
    number = whole_number(request, "number")
    try:
        data, kind = shown(images[number](), SIDES["small" if request.query_params.get("size") else "large"])
    except (IndexError, BadImageError, MendableError):
        missing("this question has no such image")
    return Response(data, media_type=kind, headers={"cache-control": "private, max-age=3600"})


def question_images(scores: str, benchmark: str, question: Question | None, size: str = "") -> list[str]:
    """Return where the images of a question are served."""
    if question is None:
        return []
    count = (question.image is not None) + len(question.later_images)
    place = f"/question/{scores.removeprefix('scores/')}/{benchmark}"
    return [to(place, id=question.id, number=number or None, size=size) for number in range(count)]
