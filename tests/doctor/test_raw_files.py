"""The doctor looks at raw files: what lacks, and whether a first record of use is there."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.recipes import recipe
from vf_ray import doctor
from vf_ray.doctor import room
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Prepare
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store


def test_missing_sources_say_how_to_obtain_them(local_store: Store, tmp_path: Path) -> None:
    asked = recipe(prepare=Prepare(tasks=("okvqa/*", "dtd/*"), raw=str(tmp_path)))
    found = {check.name: check for check in doctor.sources(asked, local_store)}
    assert set(found) == {"source okvqa", "source dtd"}
    assert not any(check.ok for check in found.values())
    assert "'okvqa" in found["source okvqa"].found + found["source okvqa"].remedy


def test_sources_that_are_there_are_read(local_store: Store, tmp_path: Path) -> None:
    from vf_ray.demo.raw import write_digits
    from vf_ray.demo.scans import digits

    write_digits(tmp_path / "demo_digits", digits())
    asked = recipe(prepare=Prepare(tasks=("demo_digits/*",), raw=str(tmp_path)))
    (check,) = doctor.sources(asked, local_store)
    assert check.ok, check
    assert check.found == "first record train/0"


def test_a_row_that_is_not_as_its_class_says_is_no_record_of_use(
    local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.shards.synthetic import files, here, rows
    from vf_ray.plan.origins import Published

    things = rows(9, images=9)
    bad = [replace(thing, split=None) for thing in things[:3]]  # type: ignore[arg-type]
    origin = here([*bad, *things[3:]], files(9))
    monkeypatch.setattr(Published, "origin", lambda *_: origin)
    asked = recipe(prepare=Prepare(tasks=("dtd/*",), raw=str(tmp_path)))
    (check,) = doctor.sources(asked, local_store)
    assert check.ok and "after 3 that cannot be used (3 x field of another kind)" in check.found, check


def test_what_is_to_be_fetched_or_asked_for_is_told(local_store: Store, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (raw / "coco2014").mkdir(parents=True)
    (raw / "coco2014" / "train2014.zip").write_bytes(b"")
    asked = recipe(prepare=Prepare(tasks=("okvqa/*", "dtd/*", "kvqa/*"), raw=str(raw), fetch=True))
    found = {check.name: check for check in doctor.sources(asked, local_store)}
    assert found["raw dtd"].ok and "1 public files to fetch, 0.6 GiB" in found["raw dtd"].found
    assert found["raw okvqa"].ok and "4 public files" in found["raw okvqa"].found
    assert not found["raw kvqa"].ok
    assert "KVQAimgs.tar.gz" in found["raw kvqa"].remedy and str(raw) in found["raw kvqa"].remedy
    assert "raw coco2014" not in found, "it lies below prepare.raw"


def talk(*answers: str) -> list[dict[str, Any]]:
    """Return conversations without pictures, one of each answer."""
    return [
        {"id": str(n), "conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": said}]}
        for n, said in enumerate(answers)
    ]


@pytest.mark.parametrize(
    ("answers", "ok", "needle"),
    [
        (("", "so"), True, "first record own/1, after 1 that cannot be used (1 x answer empty)"),
        (("", ""), False, "none of the first 2 can be used (2 x answer empty)"),
        ((), False, "no record below"),
    ],
)
def test_a_source_is_looked_at_up_to_a_record_of_use(
    local_store: Store, tmp_path: Path, answers: tuple[str, ...], ok: bool, needle: str
) -> None:
    (tmp_path / "llava_json").mkdir()
    (tmp_path / "llava_json" / "own.json").write_text(json.dumps(talk(*answers)))
    asked = recipe(prepare=Prepare(tasks=("llava_json/*",), raw=str(tmp_path)))
    (check,) = doctor.sources(asked, local_store)
    assert (check.ok, needle in check.found) == (ok, True), check


@pytest.mark.parametrize(
    ("name", "changes", "most"),
    [
        ("released-191", {}, 186_103),
        ("released-191", {"stage1.per_task": 10}, 2050),
        ("llava-7b", {"stage1.tasks": ["llava_pretrain/*"]}, 558_128),
        ("llava-7b", {"stage1.tasks": ["llava_instruct/*"], "stage1.limits": {"llava_instruct/*": 9}}, 9),
        ("llava-7b", {"stage1.tasks": ["dtd/*"], "stage1.sample": 70}, 70),
    ],
)
def test_samples_are_counted_by_what_is_known_of_their_sources(
    name: str, changes: Mapping[str, Any], most: int
) -> None:
    asked = load_recipe(name, {"prepare.tasks": ["*"], **changes})
    assert room.most_samples(Plan(asked, ""), "stage1") == most
