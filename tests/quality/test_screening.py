"""Pictures of benchmarks are kept out of training: counted, named, and addressed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.eval.trees import lines
from tests.quality.photographs import cropped, jpeg, pieces, png, resized
from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.plan.plan import Plan
from vf_ray.quality.screening import units
from vf_ray.recipe import Recipe
from vf_ray.shards import prepare as step
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.schema import from_parquet
from vf_ray.store import Store
from vf_ray.work import LocalPool, WorkPool

TASK = "llava_json/conversation"


def raw(root: Path, images: Mapping[str, bytes]) -> Path:
    """Write a conversation about each picture."""
    (root / "llava_json").mkdir(parents=True)
    records = []
    for name, data in images.items():
        (root / "llava_json" / name).write_bytes(data)
        said = [
            {"from": "human", "value": "<image>\nWhat is it?"},
            {"from": "gpt", "value": f"It is {name}."},
        ]
        records.append({"id": name, "image": name, "conversations": said})
    (root / "llava_json" / "mine.json").write_text(json.dumps(records))
    return root


def pope(root: Path, images: Mapping[str, bytes]) -> Path:
    rows = [{"image": name, "text": f"Is there a {name}?", "label": "yes"} for name in images]
    lines(root / "pope" / "coco" / "coco_pope_random.json", rows)
    (root / "pope" / "val2014").mkdir()
    for name, data in images.items():
        (root / "pope" / "val2014" / name).write_bytes(data)
    return root


def plan_of(store: Store, folder: Path, data: Path, **more: Any) -> Plan:
    prepare = {"tasks": [TASK], "raw": str(folder), "held_out": 0, "decontaminate": ["pope"], **more}
    return Plan.of(
        Recipe.from_mapping({"name": "r", "prepare": prepare, "base": {}, "evaluate": {"data": str(data)}}),
        store,
    )


def prepared(store: Store, plan: Plan, pool: WorkPool = LocalPool()) -> Artifact:  # noqa: B008
    return step.prepare(store, plan.preparation, pool, screening=units(store, plan))[TASK]


def keys(instances: Artifact) -> set[str]:
    return {
        text.split()[2].rstrip(".") for text in from_parquet(instances.read(TRAIN))["response"].to_pylist()
    }


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return planted(tmp_path)


def planted(root: Path) -> tuple[Path, Path]:
    """Write five photographs to train on, and a benchmark that shows three of them, each in another way."""
    photographs = {f"{n}.jpg": jpeg(piece, 90) for n, piece in enumerate(pieces()[:5])}
    shown = {
        "same.jpg": photographs["0.jpg"],
        "recoded.png": png(pieces()[1]),
        "smaller.jpg": jpeg(resized(pieces()[2], 0.5), 80),
        "cut.jpg": jpeg(cropped(pieces()[3], 0.12), 90),
        "other.jpg": jpeg(pieces()[6], 90),
    }
    return raw(root / "raw", photographs), pope(root / "data", shown)


def test_what_a_benchmark_shows_is_rejected_and_named(local_store: Store, places: tuple[Path, Path]) -> None:
    plan = plan_of(local_store, *places)
    instances = prepared(local_store, plan)
    assert keys(instances) == {"3.jpg", "4.jpg"}
    assert instances.stats["rejected"] == {"shown by benchmark pope": 3}
    rejects = local_store.read(f"{instances.address}/rejected/images.jsonl").splitlines()
    details = [json.loads(line)["detail"] for line in rejects]
    assert len(details) == 3
    assert any("same.jpg, question 10000001: equal" in detail for detail in details)
    assert any("recoded.png, question 10000002: " in detail and "differ" in detail for detail in details)
    before = local_store.list("")
    assert keys(prepared(local_store, plan)) == {"3.jpg", "4.jpg"}
    assert [path for path in local_store.list("") if path not in before and "progress" not in path] == []


def test_only_the_instances_of_who_asks_for_it_have_another_address(
    local_store: Store, places: tuple[Path, Path]
) -> None:
    screened, open_ = plan_of(local_store, *places), plan_of(local_store, *places, decontaminate=[])
    assert screened.images == open_.images
    assert screened.instances[TASK].address != open_.instances[TASK].address
    assert len(keys(prepared(local_store, open_))) == 5
    (places[1] / "pope" / "val2014" / "more.jpg").write_bytes(jpeg(pieces()[4], 90))
    changed = plan_of(local_store, *places)
    assert changed.images == screened.images
    assert changed.instances[TASK].address != screened.instances[TASK].address


def test_a_task_of_which_nothing_is_left_is_refused(local_store: Store, tmp_path: Path) -> None:
    shown = {"0.jpg": jpeg(pieces()[0], 90)}
    plan = plan_of(local_store, raw(tmp_path / "raw", shown), pope(tmp_path / "data", shown))
    with pytest.raises(UserError, match=r"none of its 1 images is left: shown by benchmark pope 1"):
        prepared(local_store, plan)


def test_a_benchmark_without_pictures_keeps_nothing_out_in_silence(
    local_store: Store, places: tuple[Path, Path]
) -> None:
    for path in (places[1] / "pope" / "val2014").iterdir():
        path.unlink()
    with pytest.raises(UserError, match=r"not one picture of pope can be read \(5 picture missing\)"):
        prepared(local_store, plan_of(local_store, *places))


def test_what_cannot_be_kept_out_is_refused_at_once(local_store: Store, places: tuple[Path, Path]) -> None:
    with pytest.raises(FileNotFoundError, match=r"no files below .*mme; put the official files of mme there"):
        prepared(local_store, plan_of(local_store, *places, decontaminate=["mme"]))
    with pytest.raises(UserError, match="held-out items"):
        plan_of(local_store, *places, decontaminate=["tasks"])
    with pytest.raises(UserError, match="names '@papers', which is no suite"):
        plan_of(local_store, *places, decontaminate=["@papers"])
