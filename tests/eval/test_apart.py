"""Questions about several images: as one picture for models that take one, one by one for the others."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from transformers import AutoModelForImageTextToText

from tests.eval.evaluating import evaluate, plan_of
from tests.eval.judge_server import judge_server, says
from tests.eval.miniature import png
from tests.model.families.test_contract import Made, alone
from tests.model.families.tiny import processor, tiny
from vf_ray.eval import scores
from vf_ray.eval.apart import NOTE, apart
from vf_ray.eval.benchmarks import get
from vf_ray.eval.benchmarks.blink import SHOWN
from vf_ray.eval.joined_images import one_by_one
from vf_ray.eval.question_sets import fingerprint, question_set, question_set_at
from vf_ray.model.families import families, family_of
from vf_ray.store import Store
from vf_ray.types import IMAGE_MARK


def blink(root: Path) -> None:
    """Write a question about three images and one about one."""
    rows = [
        {"idx": f"val_Jigsaw_{n}", "question": "Which?", "sub_task": "Jigsaw", "choices": ["one", "two"],
         "answer": "(B)", "prompt": f"Which {n}?\n(A) one\n(B) two", "image_1": cell(n),
         "image_2": cell(8) if n else None, "image_3": cell(9) if n else None}
        for n in range(2)
    ]  # fmt: skip
    table(root / "Jigsaw" / "val-00000-of-00001.parquet", rows)


def mm_vet_v2(root: Path) -> None:
    """Write a question with two images amid its words and one with none."""
    entry = {"answer": "4", "capability": ["seq"]}
    rows = [
        {**entry, "id": "v2_0", "question": "First <image_1>, then <image_0>: why?", "image_0": cell(1),
         "image_1": cell(2)},
        {**entry, "id": "v2_1", "question": "Why?", "image_0": None, "image_1": None},
    ]  # fmt: skip
    table(root / "test-00000-of-00001.parquet", rows)


def mmmu(root: Path) -> None:
    """Write a question whose options are images."""
    row = {"id": "validation_Math_1", "question": "What follows <image 1>?", "answer": "B",
           "options": "['<image 2>', '<image 3>']", "question_type": "multiple-choice",
           **{f"image_{n}": cell(n) for n in (1, 2, 3)}}  # fmt: skip
    table(root / "Math" / "validation-00000-of-00001.parquet", [row])


def cell(salt: int) -> dict[str, Any]:
    return {"bytes": png(salt), "path": f"{salt}.png"}


def table(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


MARKED = f"First {IMAGE_MARK}, then {IMAGE_MARK}: why?"
CASES = [
    ("blink", blink, "Which 1?\n(A) one\n(B) two", (1, 8, 9)),
    ("mm-vet-v2", mm_vet_v2, MARKED, (2, 1)),
    ("mmmu", mmmu, f"What follows {IMAGE_MARK}?\n(A) {IMAGE_MARK}\n(B) {IMAGE_MARK}\n", (1, 2, 3)),
]


@pytest.mark.parametrize(("name", "write", "prompt", "salts"), CASES, ids=[case[0] for case in CASES])
def test_each_image_stands_where_its_question_names_it(
    name: str, write: Callable[[Path], None], prompt: str, salts: tuple[int, ...], tmp_path: Path
) -> None:
    write(tmp_path)
    as_one = question_set_at(name, str(tmp_path))
    one_by_one = apart(as_one)
    several = [n for n, question in enumerate(as_one.questions) if question.apart]
    for n, (joined, separate) in enumerate(zip(as_one.questions, one_by_one.questions, strict=True)):
        if n not in several:
            assert separate == joined
            continue
        assert not joined.later_images and IMAGE_MARK not in joined.prompt
        assert separate.prompt.startswith(prompt) and separate.image and separate.image_id
        assert [one() for one in (separate.image, *separate.later_images)] == list(map(png, salts))
    assert len(several) == 1 and fingerprint(one_by_one) != fingerprint(as_one)
    assert as_one.as_one in as_one.notes and NOTE not in as_one.notes
    assert as_one.as_one not in one_by_one.notes and NOTE in one_by_one.notes
    assert get(name).score(one_by_one, {}, None).counts["questions"] == len(as_one.questions)


def test_files_named_in_a_question_are_shown_there(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for n in range(2):
        (tmp_path / "images" / f"v2_{n}.png").write_bytes(png(n))
    asked = "Is <IMG>v2_1.png<IMG>or<IMG>v2_0.png<IMG>older?"
    (tmp_path / "mm-vet-v2.json").write_text(
        f'{{"v2_0": {{"question": "{asked}", "answer": "no", "capability": ["seq"]}}}}'
    )
    (question,) = apart(question_set_at("mm-vet-v2", str(tmp_path))).questions
    assert question.prompt == f"Is\n{IMAGE_MARK}\nor\n{IMAGE_MARK}\nolder?"
    assert question.image and [question.image(), question.later_images[0]()] == [png(1), png(0)]


def test_names_without_an_image_stay_words_and_images_without_a_name_come_first() -> None:
    fetches = {f"<{n}>": (lambda n=n: bytes([n])) for n in range(3)}
    shown = one_by_one("<2> is <7>, <0> and <2>", re.compile(r"<\d>"), fetches)
    assert shown and shown.prompt == f"{IMAGE_MARK} is <7>, {IMAGE_MARK} and {IMAGE_MARK}"
    assert b"".join(fetch() for fetch in shown.images) == bytes([1, 2, 0, 2])
    assert one_by_one("<0>", re.compile(r"<\d>"), {"<0>": bytes}) is None


def test_a_model_is_shown_what_its_family_takes(local_store: Store, tmp_path: Path) -> None:
    blink(tmp_path / "blink")
    ours = evaluated(local_store, tmp_path, "smolvlm", tiny("smolvlm", tmp_path / "smolvlm"))
    theirs = evaluated(local_store, tmp_path, "llava", tmp_path / "llava")
    assert NOTE in ours[0] and SHOWN not in ours[0]
    assert SHOWN in theirs[0] and NOTE not in theirs[0]
    folder = tmp_path / "smolvlm"
    family, model = family_of(folder), AutoModelForImageTextToText.from_pretrained(folder).eval()
    made = Made(folder, family, family.encoder(folder), processor(folder), model)
    asked = apart(question_set_at("blink", str(tmp_path / "blink"))).questions
    assert ours[1] == {
        question.id: alone(made, model, replace(question, max_new_tokens=4)) for question in asked
    }
    assert [family.name for family in families() if not family.several_images] == ["llava15"]


def evaluated(store: Store, data: Path, name: str, folder: Path) -> tuple[list[str], dict[str, str | None]]:
    """Evaluate a model in this process; return the notes, and its answers by question."""
    scored = evaluate(store, plan_of(store, folder, data, benchmarks=["blink"]))
    notes = scores.read(scored).benchmarks["blink"].models["base"].notes
    return list(notes), {item.id: item.answer for item in scores.read_items(scored, "blink", "base")}


def test_a_served_model_is_shown_several_where_the_recipe_says_so(local_store: Store, tmp_path: Path) -> None:
    blink(tmp_path / "blink")
    with judge_server(lambda body, number: says("(B)")) as (url, asked):
        served = {"url": url, "model": "m", "name": "far"}
        plans = [
            plan_of(
                local_store, tmp_path / "llava", tmp_path, benchmarks=["blink"], served={**served, **more}
            )
            for more in ({}, {"several_images": False}, {"several_images": True})
        ]
        assert plans[0].scores.address == plans[1].scores.address != plans[2].scores.address
        before = question_set(local_store, plans[0].evaluation.questions, "blink")
        assert [len(question.later_images) for question in before.questions] == [0, 0]
        counts = []
        for plan in plans[1:]:
            evaluate(local_store, plan)
            bodies = [body["messages"][-1]["content"] for body in asked]
            counts.append(sorted(sum(part["type"] == "image_url" for part in parts) for parts in bodies))
            asked.clear()
    assert counts == [[1, 1], [1, 3]]
