"""From a pool of prepared instances and a tiny model to instances with its answers, and on to a mixture."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.select.test_selecting import TASKS, mixed
from tests.select.test_selecting import model as model
from tests.select.test_selecting import prepared as prepared
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec
from vf_ray.errors import UserError
from vf_ray.plan.relabelling import Relabelling
from vf_ray.recipe import Resources
from vf_ray.recipe.answers_by import AnswersBy
from vf_ray.relabel import relabelling
from vf_ray.relabel.author import Author
from vf_ray.relabel.relabelling import relabel
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.mixture import Choice, write_mixture
from vf_ray.shards.read import StoredSamples
from vf_ray.shards.schema import from_parquet
from vf_ray.work import LocalPool

DRAWN = AnswersBy(model="base", temperature=1.0, longest=300, ceiling=0.9)
OWN = ["task", "key", "shown", "prompt", "question", "options"]


def wanted(prepared: Mapping[str, Artifact], model: Artifact, by: AnswersBy = DRAWN) -> Relabelling:
    pool, *specs = (
        Spec(**one.manifest["spec"]) for one in (mixed(prepared, per_task=12), *prepared.values())
    )
    return Relabelling("gen1", by, 0, model.address, pool, dict(zip(prepared, specs, strict=True)))


@pytest.fixture(scope="module")
def answered(prepared: Mapping[str, Artifact], model: Artifact) -> Mapping[str, Artifact]:
    return relabel(model.store, wanted(prepared, model), LocalPool(), resources=Resources())


def rows(artifact: Artifact, name: str = TRAIN) -> dict[str, Mapping[str, Any]]:
    return {row["key"]: row for row in from_parquet(artifact.read(name)).to_pylist()}


def test_prompts_and_images_stay_and_answers_are_the_models(
    prepared: Mapping[str, Artifact], answered: Mapping[str, Artifact]
) -> None:
    assert tuple(answered) == TASKS
    for task, artifact in answered.items():
        own, written = rows(prepared[task]), rows(artifact)
        assert written and not written.keys() & rows(prepared[task], HELD_OUT).keys()
        for key, row in written.items():
            assert {name: row[name] for name in OWN} == {name: own[key][name] for name in OWN}
            assert row["response"] == row["answer"] != own[key]["response"]
        assert len({row["response"] for row in written.values()}) == len(written)  # each has draws of its own


def test_what_has_no_answer_is_counted_and_listed(answered: Mapping[str, Artifact]) -> None:
    for artifact in answered.values():
        stats = artifact.stats
        assert stats["asked"] == 12 == stats["train"] + sum(stats["rejected"].values())
        assert stats["rejected"].keys() == {"no answer"}
        store, path = artifact.store, f"{artifact.address}/rejected/answers.jsonl"
        rejects = store.read(path).decode().splitlines()
        assert len(rejects) == stats["rejected"]["no answer"] and "within 300 tokens" in rejects[0]


def test_a_stage_trains_on_them(answered: Mapping[str, Artifact]) -> None:
    store = answered[TASKS[0]].store
    inputs = {task: one.address for task, one in answered.items()}
    spec = Spec(kind="mixture", name="gen1", config={}, inputs=inputs)
    mixture = artifacts.build(store, spec, lambda writer: write_mixture(answered, writer, Choice(0)))
    samples = StoredSamples.of(store, mixture)
    assert mixture.stats["tasks"] == {task: one.stats["train"] for task, one in answered.items()}
    texts = {(one.task, one.key): one.response for one in samples.text(range(len(samples)))}
    assert texts == {(task, k): row["response"] for task, a in answered.items() for k, row in rows(a).items()}
    assert all(samples.images(samples.shown([place])[0]) for place in range(len(samples)))


def test_a_killed_run_goes_on_and_gives_the_same(
    prepared: Mapping[str, Artifact], model: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relabelling, "CHUNK", 4)
    by = AnswersBy(model="base", temperature=1.0, longest=40, ceiling=1.0)
    few, answer, calls = {TASKS[0]: prepared[TASKS[0]]}, Author.answer, list[str]()
    plan = wanted(few, model, by)

    def dying(author: Author, writer: Any, name: str, *more: Any) -> Any:
        calls.append(name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return answer(author, writer, name, *more)

    monkeypatch.setattr(Author, "answer", dying)
    with pytest.raises(KeyboardInterrupt):
        relabel(model.store, plan, LocalPool(), resources=Resources())
    (resumed,) = relabel(model.store, plan, LocalPool(), resources=Resources()).values()
    first = resumed.mark, [row["response"] for row in rows(resumed).values()]
    (again,) = relabel(model.store, plan, LocalPool(), resources=Resources(), force=True).values()
    assert (again.mark, [row["response"] for row in rows(again).values()]) == first


def test_a_stage_that_loses_too_many_answers_fails(prepared: Mapping[str, Artifact], model: Artifact) -> None:
    by = AnswersBy(model="base", longest=2)  # a model that has learned nothing never ends by itself
    with pytest.raises(UserError, match=r"answers cannot be used .*ceiling is 10\.0%.*'no answer' 12"):
        relabel(model.store, wanted(prepared, model, by), LocalPool(), resources=Resources())
