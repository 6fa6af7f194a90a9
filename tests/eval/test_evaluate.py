"""The evaluate step: every benchmark answered, judged and scored; resumed, and never twice."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.eval.evaluating import evaluate, plan_of, pope, says_yes
from tests.eval.judge_server import judge_server
from tests.eval.miniature import WRITERS, png
from tests.model.families.llava15.published import write_vicuna
from tests.plan.recorded import recorded
from vf_ray import artifacts
from vf_ray.artifacts import Writer
from vf_ray.eval import scores
from vf_ray.eval.asking import answer, answered, chunks
from vf_ray.eval.benchmark import Answered, Engine, Question, Unserved
from vf_ray.eval.evaluate import EvaluationRun
from vf_ray.eval.generate import Answerer
from vf_ray.eval.question_sets import fingerprint, question_set
from vf_ray.plan import run_records
from vf_ray.store import Store


def test_a_chunk_is_answered_once(local_store: Store, tmp_path: Path) -> None:
    questions = [*pope(tmp_path).questions[:9], Question(id="long", prompt="a " * 9000)]
    plan = plan_of(local_store, tmp_path / "model", tmp_path, benchmarks=["pope"])
    loaded: list[Engine] = []

    def engine() -> Engine:
        loaded.append(Answerer.of(tmp_path / "model"))
        return loaded[-1]

    def make(writer: Writer) -> Mapping[str, Any]:
        for _ in range(2):
            rows = answer(writer, "a.jsonl", engine, questions, 4)
            assert [row.id for row in rows if row.error] == ["long"]
        return {}

    found = answered(artifacts.build(local_store, plan.evaluation.answers("base", "pope", "q"), make))
    assert [a.id for a in found if not a.error] == [q.id for q in questions[:9]]
    assert len(loaded) == 1


def test_answers_are_addressed_by_model_questions_files_and_nothing_else(
    local_store: Store, tmp_path: Path
) -> None:
    asked = fingerprint(pope(tmp_path))

    def address(questions: str = asked, seed: int = 0, **more: Any) -> str:
        plan = plan_of(local_store, tmp_path / f"m{seed}", tmp_path, benchmarks=["pope"], seed=seed, **more)
        return plan.evaluation.answers("base", "pope", questions).address

    first = address()
    assert first == address(batch=3, judge="http://x", judge_model="m", per_task=9)
    others = [address("other"), address(seed=1)]
    (tmp_path / "pope" / "images" / "0.jpg").write_bytes(png(0) + b"longer")
    others.append(address())
    assert len({first, *others}) == 4


def test_a_served_model_is_known_by_name_and_version_wherever_it_is(
    local_store: Store, tmp_path: Path
) -> None:
    pope(tmp_path)

    def address(url: str = "http://a:8000", **more: str) -> tuple[str, str]:
        served = {"url": url, "model": "llava", **more}
        plan = plan_of(local_store, tmp_path / "m", tmp_path, benchmarks=["pope"], served=served)
        return plan.evaluation.answers("served", "pope", "q").address, plan.scores.address

    assert address() == address("https://elsewhere/v1")
    assert address() != address(version="2") != address(model="other")


def test_a_benchmark_without_a_folder_is_refused_before_anything_runs(
    local_store: Store, tmp_path: Path
) -> None:
    pope(tmp_path)
    plan = plan_of(local_store, tmp_path / "m", tmp_path, benchmarks=["pope", "mme"])
    with pytest.raises(FileNotFoundError, match="put the official files of mme there"):
        plan.due("evaluate", local_store)


def test_all_benchmarks_are_answered_judged_and_scored_once(local_store: Store, tmp_path: Path) -> None:
    for name, write in WRITERS.items():
        write(tmp_path / "data" / name)
    with judge_server(says_yes) as (url, asked):
        plan = plan_of(
            local_store, tmp_path / "model", tmp_path / "data", benchmarks=sorted(WRITERS), judge=url,
            judge_model="judge", served={"url": url, "model": "llava", "at_once": 3},
        )  # fmt: skip
        recorded(local_store, plan, "first")
        first = evaluate(local_store, plan)
        once = len(asked)
        begun = time.monotonic()
        again = evaluate(local_store, plan, force=True)
        assert time.monotonic() - begun < 10
        assert len(asked) == once
    found = scores.read(first)
    assert found == scores.read(again)
    assert set(found.benchmarks) == set(WRITERS)
    assert set(found.models) == {"base", "served"}
    for name, entry in found.benchmarks.items():
        questions = len(question_set(local_store, plan.questions, name).questions)
        for score in entry.models.values():
            assert score.counts["questions"] == questions
            assert score.counts["missing"] == 0
        assert any("by the server that answered, llava" in n for n in entry.models["served"].notes)
    assert found.benchmarks["llava-bench"].models["served"].headline["relative score"].value == 112.5
    assert found.benchmarks["mm-vet"].models["served"].counts["judged"] == 2
    kept = [path for path in local_store.list("") if path.startswith(("answers/", "judged/"))]
    assert {path.split("/")[0] for path in kept} == {"answers", "judged"}
    unnamed = [removal.path for removal in run_records.prune(local_store, dry_run=True, stale_s=0.1)]
    needed = {"answers", "judged", "scores", "base"}
    assert not [path for path in unnamed if path.split("/")[0] in needed and "attempt" not in path]
    local_store.delete("runs/first.json")
    removals = run_records.prune(local_store, dry_run=True, stale_s=0.1)
    going = {removal.path.split("/")[0] for removal in removals}
    assert {"answers", "judged", "scores"} <= going


def test_a_resumed_asking_keeps_what_was_answered(local_store: Store, tmp_path: Path) -> None:
    questions = pope(tmp_path)
    plan = plan_of(local_store, tmp_path / "model", tmp_path, benchmarks=["pope"])
    spec = plan.evaluation.answers(
        "base", "pope", fingerprint(question_set(local_store, plan.questions, "pope"))
    )
    name, chunk = list(chunks(questions.questions))[1]
    kept = "".join(json.dumps({"error": "", "id": q.id, "text": "kept"}) + "\n" for q in chunk).encode()

    def killed(writer: Writer) -> Mapping[str, Any]:
        writer.commit(name, kept)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artifacts.build(local_store, spec, killed)
    evaluate(local_store, plan)
    found = artifacts.load(local_store, spec.address)
    assert found.read(name) == kept
    assert {a.id for a in answered(found)} == {q.id for q in questions.questions}


def test_a_checkpoint_judges_on_the_workers(local_store: Store, tmp_path: Path) -> None:
    for name in ("cf", "llava-bench"):
        WRITERS[name](tmp_path / "data" / name)
    judge = str(write_vicuna(tmp_path / "vicuna"))
    plan = plan_of(
        local_store, tmp_path / "model", tmp_path / "data", benchmarks=["cf", "llava-bench"], judge=judge
    )
    with pytest.raises(Unserved, match=rf"judge {judge}: \d of \d not usable"):  # it is not trained
        evaluate(local_store, plan)
    assert [path for path in local_store.list("answers") if path.endswith("COMPLETE")]
    assert not [path for path in local_store.list("judged") if path.endswith("COMPLETE")]


class Queue:
    """Workers that answer nothing before work of several benchmarks waits."""

    gpus = 0

    def __init__(self) -> None:
        self.waiting = list[tuple[float, Future[Any], Sequence[Question]]]()
        self.lock = threading.Lock()

    def submit(self, method: str, *arguments: Any, place: float = 0) -> "Future[Any]":
        with self.lock:
            self.waiting.append((place, Future(), arguments[3]))
            if len({place for place, _, _ in self.waiting}) == 2:
                for _, future, asked in self.waiting:
                    if not future.done():
                        future.set_result([Answered(question.id, "Yes") for question in asked])
            return self.waiting[-1][1]

    def stop(self) -> None:
        return


def test_one_queue_holds_the_work_of_all_benchmarks(local_store: Store, tmp_path: Path) -> None:
    """Nothing waits for a benchmark to end: here none would."""
    pope(tmp_path)
    WRITERS["mme"](tmp_path / "mme")
    plan = plan_of(local_store, tmp_path / "m", tmp_path, benchmarks=["pope", "mme"])
    models = {n: artifacts.load(local_store, a) for n, a in plan.graph.asked.items()}
    question_sets = {name: question_set(local_store, plan.questions, name) for name in ("pope", "mme")}
    queue = Queue()

    def make(writer: Writer) -> Mapping[str, Any]:
        return EvaluationRun(local_store, plan.evaluation, (), models, question_sets, queue, writer).scored()

    artifacts.build(local_store, plan.scores, make)
    assert {place for place, _, _ in queue.waiting} == {0, 1}
    assert sum(len(asked) for _, _, asked in queue.waiting) == sum(
        len(e.questions) for e in question_sets.values()
    )
