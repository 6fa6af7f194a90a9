"""vf-ray as a library, from raw files to scores: every name of ``vf_ray.api``, as a notebook uses it."""

from collections.abc import Mapping
from pathlib import Path

from tests.eval.miniature import pope
from tests.tasks.tree import picture, pictures, write
from vf_ray import api
from vf_ray.artifacts import Artifact
from vf_ray.recipe import Stage
from vf_ray.store import Store
from vf_ray.train.metrics import Metrics
from vf_ray.types import Instance

LANDS = ("AnnualCrop", "Forest", "Highway", "Industrial", "Pasture", "PermanentCrop", "River", "SeaLake")
RECIPE = {
    "name": "satellites",
    "prepare": {"tasks": ["eurosat/*"], "held_out": 0.1},
    "base": {
        "size": "tiny", "image_size": 16, "patch_size": 8, "vision_width": 16, "vision_layers": 2,
        "vision_heads": 2, "width": 32, "layers": 2, "heads": 2, "vocabulary": 384,
    },
    "stage1": {"tasks": ["eurosat/water", "eurosat/crops"], "lr": 3e-3, "batch": 8, "steps": 6},
}  # fmt: skip


def sizes(prepared: Mapping[str, Artifact]) -> dict[str, int]:
    return {task: one.stats["train"] + one.stats["held_out"] for task, one in prepared.items()}


def trained(stage: Stage, base: Path, mixture: Artifact, below: Path) -> Path:
    """Train; a second call computes nothing and gives a copy."""
    losses: list[float] = []
    tuned = api.train(stage, base, mixture, below / "tuned", report=lambda m: losses.append(m.loss))
    assert losses[-1] < losses[0]
    again = api.train(stage, base, mixture, below / "copy", report=lambda m: losses.append(m.loss))
    assert len(losses) == stage.steps
    assert (again / "config.json").read_bytes() == (tuned / "config.json").read_bytes()
    return tuned


def watched_while_trained(store: Store, base: Path, mixture: Artifact, below: Path) -> None:
    """Train with an eye on held-out instances and on a benchmark, and keep what was best by it."""
    by_pope = {"evaluate_every": 3, "evaluate_benchmarks": ["pope"], "evaluate_items": 6, "keep_best": "pope"}
    changes = {f"stage1.{key}": value for key, value in by_pope.items()}
    watched = {"prepare.raw": str(below / "raw"), "evaluate.data": str(below), **changes}
    recipe, told = api.load_recipe(RECIPE, watched), list[Metrics]()
    stage, by = recipe.tuned["stage1"], api.watched(recipe, store, "stage1")
    api.train(stage, base, mixture, below / "watched", report=told.append, watched=by)
    assert [metrics.step for metrics in told if metrics.figures and metrics.held_out_loss] == [3, 6]
    assert told[2].figures[0]["n"] == 6


def asked_and_scored(model: Path, data: Path) -> None:
    """Ask a benchmark's questions, and score the answers by its official rule."""
    pope(data)
    asked = api.question_set("pope", str(data))
    score = api.score("pope", asked, api.answers(model, asked))
    assert 0 <= score.headline["mean accuracy"].low <= score.headline["mean accuracy"].high <= 100
    assert score.counts["questions"] == len(asked.questions)


def test_from_raw_files_to_scores(tmp_path: Path) -> None:
    # raw files, in the publisher's layout
    raw = write(
        tmp_path / "raw", pictures(*(f"eurosat/2750/{n}/{n}_{i}.jpg" for n in LANDS for i in range(6)))
    )

    # a task's instances, straight from them
    assert "eurosat/water" in api.tasks("eurosat/*")
    water = [one for one in api.instances("eurosat/water", str(raw)) if isinstance(one, Instance)]
    assert {one.response for one in water} == {"river", "sea or lake"}

    # a recipe, prepared once: a second call finds what the first has built
    recipe = api.load_recipe(RECIPE, {"prepare.raw": str(raw)})
    store = api.open_store(str(tmp_path / "store"))
    prepared = api.prepare(recipe, store)
    assert sizes(prepared)["eurosat/water"] == len(water)
    files = store.list()
    assert api.prepare(recipe, store).keys() == prepared.keys()
    assert store.list() == files

    # what a stage trains on, packed for a model
    texts = [f"{one.prompt} {one.response}" for one in water]
    base = api.assemble(recipe, texts, tmp_path / "base")
    stage = recipe.tuned["stage1"]
    mixture = api.mixture(recipe, store, "stage1")
    step = api.pack(stage, base, mixture)
    assert step.samples == stage.batch == len(step.rows)

    # trained, with every step's loss; finished, it is only copied
    tuned = trained(stage, base, mixture, tmp_path)

    # asked, and scored by a benchmark's official rule
    assert isinstance(api.answer(tuned, "Which land is it?", picture(), max_new_tokens=4), str)
    asked_and_scored(tuned, tmp_path / "pope")

    # watched meanwhile: by the loss of what is held out, and by a benchmark
    watched_while_trained(store, base, mixture, tmp_path)

    # and out, for other tools
    census = api.export(recipe, store, str(tmp_path / "out"))
    assert census.instances() == sum(sizes(prepared).values())
    assert "README.md" in {path.name for path in (tmp_path / "out").iterdir()}
