"""A question of a benchmark, by the files that a run names; whether or not a model was asked it."""

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.eval.benchmark import Question
from vf_ray.view.question_images import image_of
from vf_ray.view.rendering import rendered, to
from vf_ray.view.site import Site, missing


def benchmark_question(site: Site, request: Request) -> Response:
    """Show a question: its images, its words, the right answer."""
    question, query = _question(site, request), request.query_params
    name = request.path_params["benchmark"]
    count = (question.image is not None) + len(question.later_images)
    images = [
        to(f"/benchmark/{name}/image", run=query["run"], id=question.id, number=number or None)
        for number in range(count)
    ]
    return rendered(
        request, "benchmark_question.html", f"{name}, question {question.id}", question=question,
        images=images, run=query["run"],
    )  # fmt: skip


def benchmark_image(site: Site, request: Request) -> Response:
    """Return an image of a question, by its number."""
    return image_of(_question(site, request), request)


def _question(site: Site, request: Request) -> Question:
    from vf_ray.eval.benchmarks import catalogue

    name, query = request.path_params["benchmark"], request.query_params
    run = site.index.run(query.get("run", "")) or missing("no such run in this store")
    if name not in catalogue():
        missing(f"no benchmark {name!r}")
    asking = site.questions.whole(run, name)
    return asking.questions.get(query.get("id", "")) or missing(asking.trouble or "no such question")
