"""Several images in one conversation: in as LLaVA's JSON has them, through the shards, and out again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.exchange.prepared import prepared
from tests.tasks.tree import pictures, write
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec
from vf_ray.eval.benchmarks.tasks import load
from vf_ray.eval.held_out import HeldOut
from vf_ray.eval.served import body
from vf_ray.exchange.export import export
from vf_ray.plan.plan import Plan
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.mixture import Choice, write_mixture
from vf_ray.shards.read import StoredSamples
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store
from vf_ray.types import IMAGE_MARK

TASK = "llava_json/conversation"
NAMES = [f"images/{n}.jpg" for n in range(4)]
Prepared = tuple[Plan, Store]


def record(key: str, image: Any, *texts: str) -> Mapping[str, Any]:
    said = [{"from": ("human", "gpt")[n % 2], "value": text} for n, text in enumerate(texts)]
    return {"id": key, "image": image, "conversations": said}


RECORDS = [
    record("first", NAMES[:3], "<image>\n<image>\n<image>\nWhich are alike?", "The first two."),
    record("amid", NAMES[1:3], "Left: <image> right: <image>?", "Left.", "And now?", "Right."),
    record("later", NAMES[:2], "<image>\nOne.", "Yes.", "Two: <image>?", "Yes."),
    record("again", [NAMES[0]] * 2, "<image> against <image>?", "The same."),
    record("unmarked", NAMES[2:4], "Compare.", "Both are red."),
    record("alone", NAMES[3], "<image>\nWhat is it?", "A square."),
    record("broken", [NAMES[0], "images/none.jpg"], "<image><image>Which?", "The first."),
]


def pictures_of() -> dict[str, Any]:
    """Return the pictures that the records name, by their places in a tree."""
    return dict(pictures(*(f"llava_json/{name}" for name in NAMES)))


def texts(*said: str) -> tuple[str, ...]:
    return said


EXPECTED = {
    "Which are alike?": (3, texts("The first two.")),
    f"Left: {IMAGE_MARK} right: {IMAGE_MARK}?": (2, texts("Left.", "And now?", "Right.")),
    "One.": (2, texts("Yes.", f"Two: {IMAGE_MARK}?", "Yes.")),
    f"against {IMAGE_MARK}?": (2, texts("The same.")),
    "Compare.": (2, texts("Both are red.")),
    "What is it?": (1, texts("A square.")),
}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return _prepared(tmp_path_factory.mktemp("several"), 0.0)


def _prepared(root: Path, held_out: float) -> Prepared:
    files = {"llava_json/x.json": RECORDS, **pictures_of()}
    store = Store.open(str(root / "store"))
    ceilings = {TASK: 0.5}
    return prepared(write(root / "raw", files), store, (TASK,), held_out=held_out, ceilings=ceilings), store


def _rows(ready: Prepared, name: str) -> list[dict[str, Any]]:
    plan, store = ready
    return from_parquet(artifacts.load(store, plan.instances[TASK].address).read(name)).to_pylist()


def test_each_instance_says_how_many_it_shows_and_where(ready: Prepared) -> None:
    rows = _rows(ready, TRAIN)
    assert {
        row["prompt"]: (len(row["shown"]), (row["response"], *row["further"])) for row in rows
    } == EXPECTED
    twice = next(row for row in rows if "against" in row["prompt"])
    assert len({*twice["shown"]}) == 1 and twice["images"] == [NAMES[0]] * 2
    plan, store = ready
    stats = artifacts.load(store, plan.instances[TASK].address).stats
    assert (stats["images"], sum(stats["rejected"].values())) == (4, 1)


def test_samples_show_them_in_order(ready: Prepared) -> None:
    plan, store = ready
    made = artifacts.load(store, plan.instances[TASK].address)
    spec = Spec(kind="mixture", name="several", config={}, inputs={TASK: made.address})
    mixture = artifacts.build(store, spec, lambda writer: write_mixture({TASK: made}, writer, Choice(0)))
    samples = StoredSamples.of(store, mixture)
    for row, shown in zip(_rows(ready, TRAIN), samples.shown(range(len(samples))), strict=True):
        data = samples.images(shown)
        raw = [_raw(made, path) for path in row["images"]]
        assert data == raw and len(shown) == len(row["shown"])
        assert all(min(image.size) > 0 for image in shown)


def _raw(made: Artifact, path: str) -> bytes:
    local = made.store.local_path("")
    assert local is not None
    return (local.parent / "raw" / "llava_json" / path).read_bytes()


def test_they_go_out_as_they_came_in(ready: Prepared, tmp_path: Path) -> None:
    plan, store = ready
    target = Store.open(str(tmp_path / "llava_json"))
    export(plan.instances, store, target, "llava", name="several", any_licence=True)
    out = {row["id"]: row for row in json.loads(target.read("train.json"))}
    assert sorted(len(row["image"]) for row in out.values() if isinstance(row["image"], list)) == [
        2,
        2,
        2,
        2,
        3,
    ]
    assert all(str(row["conversations"]).count("<image>") == len([*row["image"]]) for row in out.values()
               if isinstance(row["image"], list))  # fmt: skip
    again = Store.open(str(tmp_path / "again"))
    back = prepared(tmp_path, again, (TASK,), held_out=0.0), again
    assert {(r["prompt"], *r["shown"], *r["further"]) for r in _rows(back, TRAIN)} == {
        (r["prompt"], *r["shown"], *r["further"]) for r in _rows(ready, TRAIN)
    }


def test_parquet_holds_the_later_ones_beside_the_first(ready: Prepared, tmp_path: Path) -> None:
    plan, store = ready
    export(plan.instances, store, Store.open(str(tmp_path)), "parquet", name="several", any_licence=True)
    rows = pq.read_table(tmp_path / "data").to_pylist()
    assert sorted(1 + len(row["later_images"]) for row in rows) == [1, 2, 2, 2, 2, 3]
    assert all(image["bytes"] for row in rows for image in [row["image"], *row["later_images"]])


def test_held_out_questions_show_them_to_a_server_too(tmp_path: Path) -> None:
    plan, store = _prepared(tmp_path, 0.999)
    assert len(_rows((plan, store), HELD_OUT)) == len(EXPECTED)
    instances = {TASK: artifacts.load(store, plan.instances[TASK].address)}
    images = {"llava_json": artifacts.load(store, plan.images["llava_json"].address)}
    questions = {q.prompt: q for q in load(HeldOut(instances, images)).questions}
    kinds = {
        prompt: [part["type"] for part in body(q)["messages"][0]["content"]]
        for prompt, q in questions.items()
    }
    picture, text = "image_url", "text"
    assert kinds["Compare."] == [picture, picture, text]
    assert kinds[f"Left: {IMAGE_MARK} right: {IMAGE_MARK}?"] == [text, picture, text, picture, text]
    assert len(kinds["Which are alike?"]) == 4
