"""Mixtures copy nothing; what they point at is read back exactly, locally and from a bucket."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.shards.building import TASKS, images_of, instances_of, spec
from tests.shards.synthetic import Here, files, here, rows
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec
from vf_ray.model.image_size import size_of
from vf_ray.recipe.strict import plain
from vf_ray.shards.build import build_images
from vf_ray.shards.decode import NOTHING, sha256
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.held_out_index import write_held_out_index
from vf_ray.shards.mixture import NAME, Choice, table_of, write_mixture
from vf_ray.shards.read import StoredSamples, _Text
from vf_ray.shards.schema import INSTANCES, MIXTURE, from_parquet, said_bytes
from vf_ray.store import Store


def origin() -> Here:
    return here(rows(200, images=25), files(25, bad=(3,)))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Artifact]:
    made = images_of(tmp_path_factory.mktemp("prepared"), origin(), 60)
    return {task: instances_of(made, origin(), task) for task in TASKS}


def mixed(instances: Mapping[str, Artifact], *, seed: int = 0, **asked: Any) -> Artifact:
    choice = Choice(seed, **asked)
    inputs = {task: artifact.address for task, artifact in instances.items()}
    made = Spec(kind="mixture", name="stage1", config=plain(choice), inputs=inputs)
    store = next(iter(instances.values())).store
    return artifacts.build(store, made, lambda w: write_mixture(instances, w, choice))


def keys(mixture: Artifact) -> list[tuple[str, int]]:
    table = from_parquet(mixture.read(NAME))
    return list(zip(table["task"].to_pylist(), table["row"].to_pylist(), strict=True))


def test_every_instance_is_read_back_with_its_image(prepared: Mapping[str, Artifact]) -> None:
    mixture = mixed(prepared)
    samples = StoredSamples.of(mixture.store, mixture)
    wanted = [
        row for task in sorted(prepared) for row in from_parquet(prepared[task].read(TRAIN)).to_pylist()
    ]
    assert len(samples) == len(wanted) == mixture.stats["instances"]
    every = list(range(len(samples)))[::-1]
    images = [b"".join(samples.images(shown)) for shown in samples.shown(every)]
    found = list(zip(samples.text(every), images, strict=True))[::-1]
    assert [(s.task, s.key, s.prompt, s.response, s.further, sha256(p)) for s, p in found] == [
        (w["task"], w["key"], w["prompt"], w["response"], w["further"], "".join(w["shown"]) or NOTHING)
        for w in wanted
    ]
    assert {len(s.further) for s, _ in found} == {0, 2, 4, 6}
    for shown, (_, data) in zip(samples.shown(every)[::-1], found, strict=True):
        assert [image.size for image in shown] == ([size_of(data)] if data else [])
    assert 0 < sum(not data for _, data in found) < len(found) / 4


def test_a_limit_holds_for_the_tasks_of_its_pattern_together(prepared: Mapping[str, Artifact]) -> None:
    first = min(prepared)
    whole, few = mixed(prepared).stats["tasks"], mixed(prepared, limits={first: 3}).stats["tasks"]
    assert few == {**whole, first: 3}
    some, fewer = (mixed(prepared, limits={"*": most}) for most in (9, 4))
    assert (some.stats["instances"], fewer.stats["instances"]) == (9, 4)
    assert set(keys(fewer)) < set(keys(some))
    assert keys(some) == keys(mixed(prepared, sample=9))


def test_an_index_says_where_everything_lies(prepared: Mapping[str, Artifact]) -> None:
    table = from_parquet(mixed(prepared).read(NAME))
    assert table.schema.equals(MIXTURE)
    rows_ = [row for task in sorted(prepared) for row in table_of(prepared[task], TRAIN).to_pylist()]
    assert [{**row, "key": 0} for row in rows_] == [{**row, "key": 0} for row in table.to_pylist()]


@pytest.mark.parametrize("task", TASKS)
def test_an_index_counts_what_each_side_says(prepared: Mapping[str, Artifact], task: str) -> None:
    text = from_parquet(prepared[task].read(TRAIN)).to_pylist()
    for row, place in zip(text, table_of(prepared[task], TRAIN).to_pylist(), strict=True):
        assert place["prompt_bytes"] == len("".join([row["prompt"], *row["further"][::2]]).encode())
        assert place["response_bytes"] == len("".join([row["response"], *row["further"][1::2]]).encode())
    said = sum(len("".join([row["prompt"], *row["further"][::2]]).encode()) for row in text)
    held_out = from_parquet(prepared[task].read(HELD_OUT)).to_pylist()
    said += sum(len("".join([row["prompt"], *row["further"][::2]]).encode()) for row in held_out)
    assert prepared[task].stats["text_bytes"] == said


def test_what_is_said_is_counted_whatever_chunks_it_comes_in() -> None:
    said = [[], ["a?", "bb"], ["\u00e9?", "", "c", "dd"], []] * 3
    rows_ = [{"prompt": "p" * n, "response": "r" * (n % 4), "further": turns} for n, turns in enumerate(said)]
    whole = pa.Table.from_pylist(rows_, INSTANCES)
    parts = pa.concat_tables([whole.slice(at, 5) for at in range(0, len(whole), 5)])
    assert [list(counts.to_pylist()) for counts in said_bytes(parts)] == [
        [len("".join([row["prompt"], *row["further"][::2]]).encode()) for row in rows_],
        [len("".join([row["response"], *row["further"][1::2]]).encode()) for row in rows_],
    ]
    assert [counts.to_pylist() for counts in said_bytes(whole.slice(0, 0))] == [[], []]


def test_smaller_choices_are_parts_of_larger_ones(prepared: Mapping[str, Artifact]) -> None:
    whole = keys(mixed(prepared))
    ten, twenty = keys(mixed(prepared, per_task=10)), keys(mixed(prepared, per_task=20))
    assert set(ten) < set(twenty) < set(whole)
    assert [sum(task == t for t, _ in ten) for task in TASKS] == [10] * len(TASKS)
    few, more = keys(mixed(prepared, sample=15)), keys(mixed(prepared, sample=40))
    assert set(few) < set(more) < set(whole)
    assert (len(few), len(more)) == (15, 40)
    assert set(keys(mixed(prepared, sample=15, seed=1))) != set(few)
    for chosen in (ten, few):
        assert chosen == sorted(chosen)


def test_a_mixture_of_some_tasks_holds_the_rows_it_holds_in_a_larger_one(
    prepared: Mapping[str, Artifact],
) -> None:
    some = mixed({task: prepared[task] for task in TASKS[:2]}, per_task=10)
    assert set(keys(some)) < set(keys(mixed(prepared, per_task=10)))
    assert some.stats["tasks"] == {TASKS[0]: 10, TASKS[1]: 10}


def test_an_empty_mixture_is_an_error(tmp_path: Path) -> None:
    one = here(rows(1, images=25), files(25))
    made = instances_of(images_of(tmp_path, one), one, "invented/choose", held_out=0.9999999)
    with pytest.raises(
        ValueError, match=r"mixture/stage1/.*: its tasks invented/choose hold no training instance"
    ):
        mixed({"invented/choose": made})


def test_reading_in_order_reads_each_group_of_text_once(
    prepared: Mapping[str, Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: Counter[tuple[str, int]] = Counter()
    plainly = _Text.read

    def counted(text: _Text, group: int) -> pa.Table:
        groups[text.artifact.address, group] += 1
        return plainly(text, group)

    monkeypatch.setattr(_Text, "read", counted)
    mixture = mixed(prepared)
    samples = StoredSamples.of(mixture.store, mixture)
    for start in range(0, len(samples) - 16, 16):
        samples.text(samples.order(0, 0).rows(start, 16))
    assert len(groups) >= len(prepared) and set(groups.values()) == {1}


def test_a_store_in_a_bucket_reads_the_same(store: Store) -> None:
    made = build_images(store, spec(20), origin())
    mixture = mixed({task: instances_of(made, origin(), task) for task in TASKS[:2]})
    samples = StoredSamples.of(store, mixture)
    rows_ = list(range(len(samples)))
    wanted = [image for task in TASKS[:2] for row in from_parquet(
        instances_of(made, origin(), task).read(TRAIN)).to_pylist() for image in row["shown"]]  # fmt: skip
    assert [sha256(data) for data in samples.images([image for (image,) in samples.shown(rows_)])] == wanted
    assert len({(s.task, s.key) for s in samples.text(rows_)}) == len(rows_)


def test_the_address_of_a_mixture_names_its_tasks(prepared: Mapping[str, Artifact]) -> None:
    assert mixed(prepared).address != mixed({TASKS[0]: prepared[TASKS[0]]}).address


def test_weights_repeat_and_thin_rows_and_say_so(prepared: Mapping[str, Artifact]) -> None:
    first, second, *others = sorted(prepared)
    whole = mixed(prepared)
    heavy = mixed(prepared, weights={first: 2.5, second: 0.5})
    there = whole.stats["tasks"]
    assert heavy.stats["tasks"] == {
        first: round(2.5 * there[first] + 1e-9), second: (there[second] + 1) // 2,
        **{task: there[task] for task in others},
    }  # fmt: skip
    assert heavy.stats["there"] == there and "there" not in whole.stats
    assert heavy.stats["repeated"] == heavy.stats["tasks"][first] - there[first]
    once = mixed(prepared, weights={first: 1.5, second: 0.25})
    assert Counter(keys(once)) <= Counter(keys(heavy)) and set(keys(heavy)) <= set(keys(whole))
    samples = StoredSamples.of(heavy.store, heavy)
    assert len(samples.text(list(range(len(samples))))) == len(samples)
    assert Counter(keys(mixed(prepared, weights={first: 2.5}, sample=20))) <= Counter(
        keys(mixed(prepared, weights={first: 2.5}, sample=60))
    )


def test_a_share_of_the_rows_comes_from_another_stages_mixture(prepared: Mapping[str, Artifact]) -> None:
    first, *others = sorted(prepared)
    earlier, own = mixed({first: prepared[first]}), {task: prepared[task] for task in others}

    def replaying(share: float, **asked: Any) -> Artifact:
        choice = Choice(0, replay={"stage1": share}, **asked)
        made = Spec(kind="mixture", name="stage2", config=plain(choice), inputs={"e": earlier.address})
        return artifacts.build(
            earlier.store, made, lambda w: write_mixture(own, w, choice, others={"stage1": earlier})
        )

    for share, asked in ((0.2, {}), (0.5, {"sample": 20}), (0.9, {})):
        made = replaying(share, **asked)
        assert made.stats["tasks"][first] == made.stats["replayed"]["stage1"]
        assert abs(made.stats["replayed"]["stage1"] - share * made.stats["instances"]) <= 0.5 / (1 - share)
        assert made.stats["instances"] == asked.get("sample", made.stats["instances"])
    few, many = (Counter(keys(replaying(share))) for share in (0.2, 0.9))
    assert few <= many and set(many) <= {*keys(earlier), *keys(mixed(own))}


def test_what_watches_a_stage_is_held_out_and_of_every_task(prepared: Mapping[str, Artifact]) -> None:
    def watching(per_task: int) -> Artifact:
        made = Spec(kind="held_out", name="stage1", config={"per_task": per_task})
        write = partial(write_held_out_index, prepared, seed=0, per_task=per_task)
        return artifacts.build(next(iter(prepared.values())).store, made, write)

    few, many = watching(1), watching(10_000)
    assert set(keys(few)) <= set(keys(many)) and max(few.stats["tasks"].values()) == 1
    held = {task: from_parquet(table.read(HELD_OUT))["key"].to_pylist() for task, table in prepared.items()}
    assert many.stats["tasks"] == {task: len(one) for task, one in held.items()}
    samples = StoredSamples.of(many.store, many, HELD_OUT)
    assert Counter(one.key for one in samples.text(range(len(samples)))) == Counter(
        key for one in held.values() for key in one
    )
