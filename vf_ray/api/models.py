"""A model assembled, what it is trained on as packs, the training itself, and its answers."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vf_ray.artifacts import MODEL, Artifact, Spec, Writer, build
from vf_ray.artifacts.writer import digest_of
from vf_ray.errors import require
from vf_ray.recipe import Recipe, Stage
from vf_ray.recipe.strict import plain
from vf_ray.store import Store

if TYPE_CHECKING:
    from vf_ray.eval.benchmark import QuestionSet
    from vf_ray.eval.watched import WatchedBy
    from vf_ray.train.batches import Step
    from vf_ray.train.metrics import Metrics


def assemble(recipe: Recipe, texts: Iterable[str], folder: Path, *, seed: int = 0) -> Path:
    """Write the model that a recipe's ``base`` describes to ``folder``, for ``from_pretrained``; return it.

    ``texts`` is what a fresh tokenizer is trained on, where the recipe names none. Its parts are local.

    Raises:
        ValueError: if the parts do not fit each other or the recipe.
    """
    from vf_ray.model.families import family_of_base

    family_of_base(recipe.base, Path).assemble(recipe.base, texts, folder, seed=seed, fetch=Path)
    return folder


def pack(stage: Stage, model: Path, mixture: Artifact, step: int = 1, *, seed: int = 0) -> "Step":
    """Return what one worker alone computes at a step (from 1): its packs, and the keys of its samples.

    Raises:
        ValueError: if no sample of the step can be trained on.
    """
    from vf_ray.shards.read import StoredSamples
    from vf_ray.train.batches import Batches

    samples = StoredSamples.of(mixture.store, mixture)
    return Batches.of(stage, samples, model, seed, rank=0, world=1).step(step)


def watched(recipe: Recipe, store: Store, stage: str) -> "WatchedBy":
    """Return what a stage of a prepared recipe is watched by, for ``train``: as its ``evaluate_every`` says.

    Raises:
        FileNotFoundError: if one of its tasks is not prepared, or a benchmark has no files.
        ValueError: for a benchmark that cannot be asked while a stage trains.
    """
    from vf_ray.eval.watched import watched_by
    from vf_ray.plan.handing import tuning
    from vf_ray.plan.plan import Plan

    return watched_by(store, tuning(Plan.of(recipe, store), stage))


def train(
    stage: Stage, model: Path, mixture: Artifact, to: Path, *, seed: int = 0,
    report: "Callable[[Metrics], None]" = lambda metrics: None, watched: "WatchedBy | None" = None,
) -> Path:  # fmt: skip
    """Tune a model in this process, and return a copy of what came out, below ``to``.

    It is built in the mixture's store, once: called again after a kill it goes on from the newest checkpoint,
    called again when it is finished it copies. ``report`` is given every step's metrics. A stage that says
    ``evaluate_every`` takes what ``watched`` returns.

    Raises:
        Stopped: naming the step, if the loss left the numbers.
    """
    given = stage.evaluate_every is None or watched is not None
    require(given, "stage.evaluate_every is set; give train watched=api.watched(recipe, store, stage's name)")
    weights = {str(path.relative_to(model)): digest_of(path) for path in sorted(model.rglob("*.*"))}
    config = {"stage": plain(stage), "seed": seed, "model": weights}
    inputs = {"mixture": mixture.address, **(watched.known_as if watched else {})}
    spec = Spec(kind="trained", name="alone", config=config, inputs=inputs)
    make = partial(_run, stage, model, mixture, seed, report, watched)
    return build(mixture.store, spec, make).download(to, MODEL)


def _run(
    stage: Stage, model: Path, mixture: Artifact, seed: int, report: "Callable[[Metrics], None]",
    watched: "WatchedBy | None", writer: Writer,
) -> Mapping[str, Any]:  # fmt: skip
    from vf_ray.shards.read import StoredSamples
    from vf_ray.train.loop import run

    samples = StoredSamples.of(mixture.store, mixture)
    rates = run(
        stage, model_folder=model, samples=samples, writer=writer, rank=0, world=1, seed=seed, report=report,
        held_out=watched.held_out if watched else None, benchmarks=watched.benchmarks if watched else None,
    )  # fmt: skip
    return {"run": rates}


def answer(model: Path, question: str, image: bytes, *, max_new_tokens: int = 128) -> str:
    """Return a model's greedy answer to a question about an encoded picture.

    Raises:
        ValueError: if the picture cannot be decoded, or the question leaves no room for an answer.
    """
    from vf_ray.eval import ask

    return ask.answer(model, question, image, max_new_tokens=max_new_tokens)


def answers(model: Path, question_set: "QuestionSet", *, batch: int = 64) -> dict[str, str]:
    """Return a model's greedy answers to a benchmark's questions, by id, ``batch`` at a time.

    Raises:
        ValueError: for a question that does not fit the model, or a picture that cannot be decoded.
    """
    from vf_ray.eval import generate

    return dict(generate.answers(model, question_set.questions, batch))
