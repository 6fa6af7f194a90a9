"""Finished conversations come in as they are; what cannot come in is counted by name."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.prepared import prepared, write_raw
from tests.tasks.tree import Files, json_lines, pictures, write
from tests.tasks.trees import TREES
from tests.tasks.trees_exchange import record, silent
from vf_ray.artifacts import Artifact, Spec
from vf_ray.instances.sample import examine
from vf_ray.plan.data_specs import EVERY
from vf_ray.plan.origins import Catalogued
from vf_ray.plan.plan import Plan
from vf_ray.quality.examine import examine as measured
from vf_ray.quality.prepared import Prepared
from vf_ray.raw.tree import RawTree
from vf_ray.recipe import Recipe
from vf_ray.shards.build import build_images, build_instances
from vf_ray.shards.finish import TRAIN, TaskRefusedError
from vf_ray.shards.schema import from_parquet
from vf_ray.sources.llava_json import without_mark
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.types import Instance, Reject

GUITAR, ITM, SILENT = "PACS+guitar_image_category_classification", "ITM", "GQA"
FILE = "vision_flan_191/annotation_191-task_1k.json"


def verdicts(source: str, root: Path, files: Files) -> list[Instance | Reject]:
    found = sources()[source]
    tree = RawTree.of(str(write(root, files)), found.raws)
    return list(examine(found, tree, found.tasks, seed=0))


def released(root: Path, files: Files, *tasks: str) -> dict[str, Artifact]:
    """Build tasks of the released file in a store of their own."""
    origin = Catalogued("vision_flan_191", str(write(root / "raw", files)))
    ids = [f"vision_flan_191/{task}" for task in tasks]
    store = Store.open(str(root / "store"))
    config = {"seed": 0, "cap": 100, "largest_side": 1024, "tasks": ids}
    made = build_images(store, Spec(kind="images", name="vision_flan_191", config=config), origin)
    return {task: _instances(store, task, made, origin) for task in ids}


def _instances(store: Store, task: str, made: Artifact, origin: Catalogued) -> Artifact:
    config, inputs = {"cap": 100, "held_out": 0.0}, {"images": made.address}
    return build_instances(
        store, Spec(kind="instances", name=task, config=config, inputs=inputs), made, origin
    )


def many(count: int, task: str) -> tuple[list[Any], Files]:
    names = [f"{task}_{n}_x.jpg" for n in range(count)]
    records = [record(name, f"<image>\nNumber {n}?", f"{n}.", task_name=task) for n, name in enumerate(names)]
    return records, pictures(*(f"vision_flan_191/images_191task_1k/{name}" for name in names))


def test_the_released_file_becomes_shards_task_by_task(tmp_path: Path) -> None:
    made = released(tmp_path, TREES["vision_flan_191"](), GUITAR, ITM, SILENT)
    guitar = from_parquet(made[f"vision_flan_191/{GUITAR}"].read(TRAIN)).to_pylist()
    assert {(row["prompt"].splitlines()[0], row["response"]) for row in guitar} == {
        ("In which style is it?", "(b) sketch"),
        ("In which style is it?", "(a) photo"),
    }
    assert len({image for row in guitar for image in row["shown"]}) == 2
    assert made[f"vision_flan_191/{ITM}"].stats["train"] == 1


def test_a_task_that_the_file_does_not_hold_is_an_empty_one(tmp_path: Path) -> None:
    empty = released(tmp_path, TREES["vision_flan_191"](), GUITAR, SILENT)[f"vision_flan_191/{SILENT}"]
    assert (empty.stats["train"], empty.stats["examined"]) == (0, 0)
    assert from_parquet(empty.read(TRAIN)).num_rows == 0


def test_quality_is_that_of_the_tasks_the_file_holds(tmp_path: Path) -> None:
    tasks = ("vision_flan_191/ITM", "vision_flan_191/GQA")
    store = Store.open(str(tmp_path / "store"))
    plan = prepared(write_raw(tmp_path / "raw", tasks), store, tasks)
    assert [quality.task for quality in measured("x", Prepared.of(store, plan)).tasks] == [tasks[0]]


def test_no_task_of_the_file_alone_is_empty_too(tmp_path: Path) -> None:
    assert (
        released(tmp_path, TREES["vision_flan_191"](), SILENT)[f"vision_flan_191/{SILENT}"].stats["train"]
        == 0
    )


def test_an_empty_answer_and_a_missing_image_are_counted(tmp_path: Path) -> None:
    records, files = many(60, ITM)
    records[7]["conversations"][1]["value"] = ""
    missing = f"vision_flan_191/images_191task_1k/{records[9]['image']}"
    kept = {path: data for path, data in files.items() if path != missing}
    (made,) = released(tmp_path, {FILE: records, **kept}, ITM).values()
    assert made.stats["rejected"] == {"answer empty": 1, "picture missing": 1}
    assert made.stats["train"] == 58


def test_a_task_whose_images_are_all_missing_is_refused(tmp_path: Path) -> None:
    records, _ = many(5, ITM)
    with pytest.raises(TaskRefusedError, match="picture missing"):
        released(tmp_path, {FILE: records}, ITM)


def test_a_task_that_nobody_knows_is_rejected_with_its_name(tmp_path: Path) -> None:
    records, files = many(2, ITM)
    records[0]["task_name"] = "invented+task"
    found = verdicts("vision_flan_191", tmp_path, {FILE: records, **files})
    assert [(v.reason, v.detail) for v in found if isinstance(v, Reject)] == [
        ("task unknown", "invented+task")
    ]
    assert [v.key for v in found if isinstance(v, Instance)] == ["annotation_191-task_1k/1"]


def test_both_names_of_the_file_are_read_once(tmp_path: Path) -> None:
    records, files = many(3, ITM)
    both = {FILE: records, "vision_flan_191/metadata.json": records, **files}
    assert len(verdicts("vision_flan_191", tmp_path / "both", both)) == 3
    del both[FILE]
    assert len(verdicts("vision_flan_191", tmp_path / "one", both)) == 3


SAID = st.text(st.characters(exclude_characters="<>"), max_size=30)


@given(text=SAID)
def test_the_mark_may_stand_first_or_last_or_nowhere(text: str) -> None:
    forms = (f"<image>\n{text}", f"{text}\n<image>", text, f"<image>{text}", f"{text}<image>")
    assert {without_mark(form) for form in forms} == {without_mark(text)}


BROKEN: Mapping[str, Any] = {
    "<image>, but no picture is named": record("", "<image>a", "b"),
    "pictures and marks differ": {**record("", "<image>a<image><image>", "b"), "image": ["1.jpg", "2.jpg"]},
    "two fields name different pictures": {**record("1.jpg", "a", "b"), "images": ["2.jpg"]},
    "turns do not alternate": record("1.jpg", "a", "b", "c"),
    "malformed record": {
        "image": "1.jpg",
        "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": None}],
    },
    "text holds a special token": record("1.jpg", "a", "b", "And <image>?", "c"),
    "answer empty": record("1.jpg", "a", "b", "c", ""),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_records_of_your_own_that_cannot_be_used_are_named(tmp_path: Path, reason: str) -> None:
    good = record("1.jpg", "a", "b")
    files = {
        "llava_json/x.json": [BROKEN[reason], good],
        "llava_json/y.jsonl": json_lines(good) + "{broken\n",
    }
    found = verdicts("llava_json", tmp_path, {**files, **pictures("llava_json/1.jpg")})
    assert [v.reason for v in found if isinstance(v, Reject)] == [reason, "malformed record"]
    assert [v.key for v in found if isinstance(v, Instance)] == ["x/1", "y.jsonl/0"]


@pytest.mark.parametrize("mark", ["<image>\n", "\n<image>"])
def test_a_record_of_text_alone_is_taken_as_it_is_unless_it_speaks_of_a_image(
    tmp_path: Path, mark: str
) -> None:
    records = [silent(" Why?\n", "So."), {**silent("a", "b"), "image": None}, silent(f"{mark}b", "c")]
    kept, null, marked = verdicts("llava_json", tmp_path, {"llava_json/x.json": records})
    assert isinstance(kept, Instance) and isinstance(null, Instance) and isinstance(marked, Reject)
    assert (kept.image, kept.texts, null.image) == (None, (" Why?\n", "So."), None)
    assert (marked.reason, marked.detail) == ("<image>, but no picture is named", f"{mark}b")


def test_an_array_and_a_list_of_one_name_have_keys_of_their_own(tmp_path: Path) -> None:
    one, other = silent("Why?", "So."), silent("How?", "Thus.")
    found = verdicts(
        "llava_json", tmp_path, {"llava_json/x.json": [one], "llava_json/x.jsonl": json_lines(other)}
    )
    assert [(v.key, v.split) for v in found] == [("x/0", "all"), ("x.jsonl/0", "all")]  # type: ignore[union-attr]


def test_what_an_export_held_out_is_for_tests_and_what_it_left_out_is_passed_over(tmp_path: Path) -> None:
    files = {
        "train.json": [silent("Why?", "So.")],
        "held_out.json": [silent("How?", "Thus.")],
        "train-without-pictures.json": [silent("<image>\nWhat?", "That.")],
        "held_out-without-pictures.json": [silent("<image>\nWho?", "He.")],
    }
    found = verdicts("llava_json", tmp_path, {f"llava_json/{name}": data for name, data in files.items()})
    assert [(v.key, v.split) for v in found] == [  # type: ignore[union-attr]
        ("held_out/0", "test"),
        ("train/0", "all"),
    ]


def test_only_conversations_of_your_own_may_be_of_text_alone(tmp_path: Path) -> None:
    files = {"llava_instruct/llava_instruct_150k.json": [silent("Why?", "So.")]}
    (found,) = verdicts("llava_instruct", tmp_path, files)
    assert isinstance(found, Reject) and found.reason == "record without a picture"


def test_conversations_of_unequal_speakers_are_refused(tmp_path: Path) -> None:
    swapped = record("1.jpg", "a", "b")
    swapped["conversations"].reverse()
    (found,) = verdicts("llava_json", tmp_path, {"llava_json/x.json": [swapped]})
    assert isinstance(found, Reject) and found.detail == "gpt, human"


def test_llava_instruct_is_read_once_whichever_files_are_there(tmp_path: Path) -> None:
    sorted_ = TREES["llava_instruct"]()
    mixed = {"llava_instruct/llava_instruct_150k.json": [record("000000000009.jpg", "Why?", "So.")]}
    parts = verdicts("llava_instruct", tmp_path / "sorted", sorted_)
    assert verdicts("llava_instruct", tmp_path / "both", {**sorted_, **mixed}) == parts
    alone = verdicts("llava_instruct", tmp_path / "mixed", mixed)
    assert [v.task for v in alone] == ["llava_instruct/mixed"]
    assert "llava_instruct/mixed" not in {v.task for v in parts}


def test_a_cap_is_not_for_what_somebody_has_chosen_already() -> None:
    tasks = ["llava_instruct/*", "vision_flan_191/ITM"]
    values = {"name": "x", "prepare": {"tasks": tasks, "cap": 7}, "base": {}}
    stage = {"tasks": tasks, "lr": 1e-3, "batch": 2, "steps": 1}
    plan = Plan(Recipe.from_mapping({**values, "stage1": stage}), "raw")
    caps = {name: spec.config["cap"] for name, spec in plan.instances.items()}
    assert caps.pop("vision_flan_191/ITM") == 7
    assert set(caps.values()) == {EVERY}
    assert json.dumps(plan.images["llava_instruct"].plain())
