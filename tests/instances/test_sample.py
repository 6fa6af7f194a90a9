"""One pass for all tasks: what is chosen depends on seed, task and key alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shards.synthetic import Thing, files, here, rows
from vf_ray.instances.chance import SPAN, rank
from vf_ray.instances.lowest import Lowest, Ranked
from vf_ray.instances.sample import Selection, chance_of, examine, held_out, judge, select, takes
from vf_ray.types import Example, Instance, Reject

TREE = files(0)


def chosen(shuffle: int | None, cap: int, seed: int = 0, count: int = 150) -> tuple[Selection, list[Reject]]:
    origin, rejects = here(rows(count, images=20), TREE, shuffle=shuffle), list[Reject]()
    tasks = origin.source().tasks
    found = select(origin.source(), TREE, tasks, seed=seed, cap=cap, slack=0, on_reject=rejects.append)
    return found, rejects


def by_rank(lowest: Lowest) -> list[Ranked]:
    return sorted(lowest.by_place(), key=lambda kept: kept.rank)


@settings(max_examples=15)
@given(st.integers(), st.integers(1, 200), st.integers(0, 3))
def test_the_choice_does_not_depend_on_the_order_of_rows(shuffle: int, cap: int, seed: int) -> None:
    (one, rejects), (other, others) = chosen(None, cap, seed), chosen(shuffle, cap, seed)
    assert {t: by_rank(low) for t, low in one.lowest.items()} == {
        t: by_rank(low) for t, low in other.lowest.items()
    }
    assert (one.tallies, one.source) == (other.tallies, other.source)
    assert sorted(map(repr, rejects)) == sorted(map(repr, others))


def test_a_smaller_cap_is_the_beginning_of_a_larger_one() -> None:
    small, large = chosen(None, 10)[0].lowest, chosen(None, 60)[0].lowest
    for task, lowest in small.items():
        assert by_rank(lowest) == by_rank(large[task])[:10]


def test_the_chosen_are_those_of_lowest_rank() -> None:
    origin = here(rows(150, images=20), TREE)
    every = [v for v in examine(origin.source(), TREE, origin.source().tasks, seed=0, splits=("train",))]
    for task, lowest in chosen(None, 25)[0].lowest.items():
        mine = [v for v in every if isinstance(v, Instance) and v.task == task]
        best = sorted((rank("0", v.task, v.key), v.key) for v in mine)[:25]
        assert [(kept.rank, kept.instance.key) for kept in by_rank(lowest)] == best


def test_every_split_is_examined_but_only_the_tasks_own_is_selected() -> None:
    origin = here(rows(150, images=20), TREE)
    splits = {
        v.split
        for v in examine(origin.source(), TREE, origin.source().tasks, seed=0)
        if isinstance(v, Instance)
    }
    assert splits == {"train", "val"}
    assert {k.instance.split for low in chosen(None, 500)[0].lowest.values() for k in by_rank(low)} == {
        "train"
    }


def test_a_split_without_a_name_is_everybodys() -> None:
    task = here([], TREE).source().tasks[0]
    assert takes(task, "all", "")
    assert not takes(task, "val", "")


def test_a_task_of_one_kind_is_asked_about_no_other() -> None:
    source = here([], TREE).source()
    source.task("red", group="generation", category="", instruction="Say it.", kind="red")(
        lambda row: Example(image=row.image, answer="red")
    )
    task = source.tasks[-1]
    kinds = [replace(row, kind=("red", "blue", "")[row.number % 3]) for row in rows(30, images=20)]
    found = {v.key for row in kinds for v in judge(row, [task], {}, 0)}
    assert found == {row.key for row in kinds if row.kind == "red"}
    assert takes(task, "train", "red") and not takes(task, "train", "blue")


def test_every_record_is_counted_once_for_each_task_it_is_for() -> None:
    found, rejects = chosen(None, 5)
    train = [row for row in rows(150, images=20) if row.split == "train"]
    of_task = [row for row in train if row.number % 3]
    illegible = sum(row.number % 11 == 5 for row in of_task)
    assert found.source.examined == 150
    assert found.tallies["invented/choose"].examined == len(train)
    assert found.tallies["invented/odd"].examined == len(of_task)
    assert found.tallies["invented/odd"].rejected == {"number illegible": illegible}
    assert sum(r.task == "invented/odd" for r in rejects) == illegible
    assert found.tallies["invented/odd"].share == pytest.approx(illegible / len(of_task))


def test_refusals_of_the_reader_and_impossible_examples_are_counted() -> None:
    broken = Reject(key="list.csv:x", reason="line torn")
    wrong = Thing(key="list.csv:w", split="train", image="a.png", label="gnu", number=1)
    origin, rejects = here([broken, wrong], TREE), list[Reject]()
    found = select(
        origin.source(), TREE, origin.source().tasks, seed=0, cap=5, slack=0, on_reject=rejects.append
    )
    assert found.source.rejected == {"line torn": 1}
    assert found.tallies["invented/choose"].rejected == {"example impossible": 1}
    assert "'gnu' is not one of the options" in next(r.detail for r in rejects if r.task == "invented/choose")
    assert found.tallies["invented/pooled"].rejected == {"example impossible": 1}  # a pool of one text


def test_a_row_that_is_not_as_its_class_says_is_one_reject_of_the_source() -> None:
    bad = Thing(key="list.csv:3", split="train", image="a.png", label="ant", number="three")  # type: ignore[arg-type]
    lost = replace(bad, key="list.csv:4", number=4, split="training")
    origin, rejects = here([bad, lost, *rows(30, images=20)], TREE), list[Reject]()
    found = select(
        origin.source(), TREE, origin.source().tasks, seed=0, cap=50, slack=0, on_reject=rejects.append
    )
    assert [(r.key, r.reason, r.detail) for r in rejects if not r.task] == [
        ("list.csv:3", "field of another kind", "number is a text; expected an integer"),
        ("list.csv:4", "unknown split", "'training'"),
    ]
    assert found.source.examined == 32 and found.source.rejected.total() == 2
    assert found.tallies["invented/choose"].rejected.total() == 0


FAILING: dict[str, tuple[Callable[[Thing], Any], str, str]] = {
    "raises": (lambda row: row.label["x"], "task failed: TypeError", "test_sample.py"),  # type: ignore[call-overload]
    "in its pool": (lambda row: None, "task failed: ZeroDivisionError", "division by zero"),
    "answers null": (
        lambda row: Example(image=row.image, answer=None),  # type: ignore[arg-type]
        "example of another kind", "answer is null; expected a text",
    ),
    "returns text": (lambda row: "yes", "task returned a str", "yes"),
}  # fmt: skip


@pytest.mark.parametrize("how", FAILING)
def test_a_task_that_fails_on_a_row_rejects_it_by_the_kind_of_the_error(how: str) -> None:
    make, reason, detail = FAILING[how]
    source = here(good := rows(30, images=20), TREE).source()
    first = next(row.key for row in good if row.split == "train")

    def of(row: Thing) -> Any:
        return make(row) if row.key == first else Example(image=row.image, answer="fine")

    def pool(row: Thing) -> str:
        return str(1 / (how != "in its pool" or row.key != first))

    source.task("failing", group="generation", category="", instruction="Say it.", pool=pool)(
        lambda row, pool: of(row)
    )
    failing, rejects = source.tasks[-1], list[Reject]()
    found = select(source, TREE, [failing], seed=0, cap=50, slack=0, on_reject=rejects.append)
    assert found.tallies[failing.id].rejected == {reason: 1}
    assert [r.key for r in rejects] == [first] and detail in rejects[0].detail
    assert found.tallies[failing.id].examined == len(found.lowest[failing.id]) + 1


def of_key(key: str, answer: str) -> Instance:
    return Instance(
        task="t/t", key=key, split="train", image="1", question="", options=(),
        answer=answer, prompt="p", response=answer,
    )  # fmt: skip


def test_two_records_of_one_key_come_in_an_order_of_their_content() -> None:
    def kept(answers: str) -> list[str]:
        lowest = Lowest(seed=0, size=2)
        for answer in answers:
            lowest.add(of_key("same", answer))
        return [kept.instance.answer for kept in by_rank(lowest)]

    assert kept("abc") == kept("bca") == kept("cab")
    assert len(kept("abc")) == 2


def test_images_are_held_out_by_content_alone() -> None:
    hashes = [f"{n * (SPAN // 500):016x}" + "0" * 48 for n in range(500)]
    assert not any(held_out(h, 0.0) for h in hashes)
    assert sum(held_out(h, 0.0099) for h in hashes) == 5
    assert all(held_out(h, 0.5) for h in hashes if held_out(h, 0.2))
    assert [chance_of(h) for h in hashes] == sorted(chance_of(h) for h in hashes)
