"""Grids whose pictures are shown one by one: from a recipe's key to what families make of them."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.prepared import prepared, write_raw
from tests.model.families.tiny import tiny
from tests.tiny import make_tiny
from vf_ray import artifacts
from vf_ray.artifacts import Spec
from vf_ray.model.encoded import Encoded
from vf_ray.model.families import encoder_of
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.shards.mixture import Choice, write_mixture
from vf_ray.shards.read import StoredSamples
from vf_ray.store import Store
from vf_ray.tasks import catalogue
from vf_ray.train.lengths import encoded
from vf_ray.types import IMAGE_MARK, Reject, Task

SHOWN = {
    "spot_the_diff/differences": 2, "recipeqa/odd_one_out": 4, "winoground/caption_choice": 1,
    "raven/next_pattern": 16,
}  # fmt: skip
TASKS = tuple(SHOWN)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Plan, Plan]:
    """Prepare the tasks apart, and drawn."""
    root = tmp_path_factory.mktemp("grids")
    store, raw = Store.open(str(root / "store")), write_raw(root / "raw", TASKS)
    apart = prepared(raw, store, TASKS, held_out=0.0, grids="apart")
    return store, apart, prepared(raw, store, TASKS, held_out=0.0)


def samples_of(store: Store, plan: Plan, name: str) -> StoredSamples:
    instances = {task: artifacts.load(store, spec.address) for task, spec in plan.instances.items()}
    inputs = {task: one.address for task, one in instances.items()}
    spec = Spec(kind="mixture", name=name, config={}, inputs=inputs)
    made = artifacts.build(store, spec, lambda writer: write_mixture(instances, writer, Choice(0)))
    return StoredSamples.of(store, made)


def _source(task: Task[Any]) -> str:
    make: Any = task.make
    return inspect.getsource(getattr(make, "func", make))


def test_each_picture_stands_where_the_text_names_it(both: tuple[Store, Plan, Plan]) -> None:
    store, apart, _ = both
    samples = samples_of(store, apart, "apart")
    rows = range(len(samples))
    texts = samples.text(rows)
    shown = {text.task: len(images) for text, images in zip(texts, samples.shown(rows), strict=True)}
    assert shown == SHOWN
    prompts = {text.task: text.prompt for text in texts}
    assert prompts["recipeqa/odd_one_out"].split("\n")[1:] == [f"{x}: {IMAGE_MARK}" for x in "ABCD"]
    panels = [*range(1, 9), *(f"Option {number}" for number in range(1, 9))]
    assert prompts["raven/next_pattern"].split("\n")[1:] == [f"{panel}: {IMAGE_MARK}" for panel in panels]
    assert "left" not in prompts["spot_the_diff/differences"]
    assert IMAGE_MARK not in prompts["spot_the_diff/differences"]  # both come before it


@pytest.mark.parametrize("family", ["smolvlm", "qwen_vl", "llava15"])
def test_families_take_several_or_say_of_each_why_not(
    both: tuple[Store, Plan, Plan], family: str, tmp_path: Path
) -> None:
    store, apart, drawn = both
    folder = make_tiny(tmp_path) if family == "llava15" else tiny(family, tmp_path)
    encoder, samples = encoder_of(folder), samples_of(store, apart, "apart")
    taken = encoded(encoder, samples, range(len(samples)))
    texts = samples.text(range(len(samples)))
    refused = {text.task for row, text in enumerate(texts) if isinstance(taken[row], Reject)}
    assert refused == ({task for task, count in SHOWN.items() if count > 1} if family == "llava15" else set())
    for row, images in enumerate(samples.shown(range(len(samples)))):
        if isinstance(one := taken[row], Encoded) and family == "qwen_vl":
            assert one.image_tokens == sum(encoder.image_tokens(*image.size) for image in images)
    grids = samples_of(store, drawn, "drawn")
    assert all(isinstance(one, Encoded) for one in encoded(encoder, grids, range(len(grids))).values())


def test_only_the_address_of_what_is_shown_apart_moves(both: tuple[Store, Plan, Plan]) -> None:
    _, apart, drawn = both
    moved = {name for name, spec in apart.images.items() if spec.address != drawn.images[name].address}
    assert moved == {"spot_the_diff", "recipeqa", "raven"}


def test_every_task_that_draws_separate_pictures_has_words_for_them_apart() -> None:
    tasks = catalogue().values()
    drawing = {task.id for task in tasks if "Grid(" in _source(task)}
    assert drawing == {task.id for task in tasks if task.apart}
    assert len(drawing) == 3


def test_a_key_of_another_word_is_refused() -> None:
    said = {"name": "x", "prepare": {"tasks": ["clevr/*"], "grids": "cut"}, "base": {}}
    with pytest.raises(ValueError, match=r"prepare\.grids is 'cut'; known: apart, drawn"):
        Recipe.from_mapping(said)
