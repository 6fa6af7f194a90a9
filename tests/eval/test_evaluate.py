"""The evaluate step: every benchmark answered, judged and scored; resumed, and never twice."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.eval import test_pope
from tests.eval.judge_server import Answer, judge_server, says
from tests.eval.miniature import WRITERS, png
from tests.model.families.llava15.published import write_vicuna
from tests.plan.recorded import recorded
from tests.tiny import make_tiny
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval import evaluate as step
from vf_ray.eval import scores
from vf_ray.eval.asking import answer, answered, chunks
from vf_ray.eval.benchmark import Answered, Engine, Question, QuestionSet, Unserved
from vf_ray.eval.evaluate import EvaluationRun
from vf_ray.eval.generate import Answerer
from vf_ray.eval.question_sets import fingerprint, question_set
from vf_ray.plan import run_records
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.store import Store
from vf_ray.work import LocalPool

CHECKPOINT = {"image_size": 16, "patch_size": 8}


def plan_of(store: Store, folder: Path, data: Path, *, seed: int = 0, **evaluate: Any) -> Plan:
    """Plan the evaluation of a tiny model, which is then built."""
    values = {
        "name": "tiny",
        "seed": seed,
        "prepare": {"tasks": ["demo_digits/odd_even"]},
        "base": {**CHECKPOINT, "checkpoint": str(folder)},
        "evaluate": {"models": ["base"], "data": str(data), "longest": 4, **evaluate},
    }
    plan = Plan.of(Recipe.from_mapping(values), store)
    if not folder.exists():
        make_tiny(folder, seed=seed)

    def make(writer: Writer) -> Mapping[str, Any]:
        for file in sorted(folder.iterdir()):
            writer.commit(f"model/{file.name}", file)
        return {}

    artifacts.build(store, plan.base, make)
    return plan


def pope(data: Path) -> QuestionSet:
    """Write 216 questions about twelve pictures."""
    found = test_pope.write(data / "pope", n=72)
    (data / "pope" / "images").mkdir(exist_ok=True)
    for number in range(12):
        (data / "pope" / "images" / f"{number}.jpg").write_bytes(png(number))
    return found


def evaluate(store: Store, plan: Plan, *, force: bool = False) -> Artifact:
    """Evaluate in this process."""
    return step.evaluate(store, plan.evaluation, LocalPool(), force=force)


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


def says_yes(body: dict[str, Any], number: int) -> Answer:
    """Answer as a model that is shown pictures, or as a judge who likes everything."""
    asked = body["messages"][-1]["content"]
    marks = {"Verdict:": "correct", "Letter:": "B", "the question in yes or no": "yes", " | ": "1.0"}
    verdict = next((said for mark, said in marks.items() if mark in asked), "8 9")
    return says("Yes" if isinstance(asked, list) else verdict)


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


def test_a_served_model_that_fails_stops_the_step_and_it_goes_on(local_store: Store, tmp_path: Path) -> None:
    questions = pope(tmp_path)

    def dies(body: dict[str, Any], number: int) -> Answer:
        return says("no") if number <= 150 else (401, {}, b"gone")

    def plan(url: str) -> Plan:
        served = {"url": url, "model": "llava", "at_once": 2}
        return plan_of(local_store, tmp_path / "m", tmp_path, benchmarks=["pope"], models=[], served=served)

    with judge_server(dies) as (url, _), pytest.raises(Unserved, match="check the address"):
        evaluate(local_store, plan(url))
    with judge_server(says_yes) as (url, asked):
        evaluate(local_store, plan(url))
    assert len(questions.questions) == 216
    assert 216 - 150 <= len(asked) <= 216 - 64  # at least one chunk was kept


def test_a_refused_evaluation_is_no_evaluation_and_what_failed_is_asked_again(
    local_store: Store, tmp_path: Path
) -> None:
    """From all refused, to one withheld and one judgement lost, to whole: the same call, each time."""
    pope(tmp_path)
    WRITERS["mm-vet"](tmp_path / "mm-vet")
    refusals = {"answers": True, "withheld": True, "judge": True}

    def serve(body: dict[str, Any], number: int) -> Answer:
        content = body["messages"][-1]["content"]
        if isinstance(content, str):
            return (400, {}, b"no judging now") if refusals["judge"] and "What?" in content else says("0.8")
        if refusals["answers"]:
            return 400, {}, b"no pictures, says the server"
        is_withheld = refusals["withheld"] and "adversarial 5 " in content[-1]["text"]
        return (200, {}, FILTERED) if is_withheld else says("Yes")

    with judge_server(serve) as (url, asked):
        plan = plan_of(
            local_store, tmp_path / "m", tmp_path, benchmarks=["pope", "mm-vet"], models=[], judge=url,
            judge_model="judge", served={"url": url, "model": "llava"},
        )  # fmt: skip
        with pytest.raises(Unserved, match="not usable: status 400: no pictures, says the server"):
            evaluate(local_store, plan)
        assert plan.unfinished("evaluate", local_store)
        refusals["answers"], before = False, len(asked)
        served = {
            name: one.models["served"]
            for name, one in scores.read(evaluate(local_store, plan)).benchmarks.items()
        }
        assert served["pope"].counts["missing"] == 1
        unusable = served["pope"].unusable["answers"]
        assert (unusable.count, unusable.of) == (1, 216)
        assert unusable.reason == "withheld (finish_reason content_filter)"
        assert served["mm-vet"].unusable["replies"].reason == "status 400: no judging now"
        assert plan.due("evaluate", local_store)
        refusals["withheld"] = refusals["judge"] = False
        assert len(asked) - before == 216 + 2 + 2
        before = len(asked)
        whole = evaluate(local_store, plan)
        assert len(asked) - before == 2
        assert not plan.due("evaluate", local_store)
        assert evaluate(local_store, plan).mark == whole.mark
    benchmarks = scores.read(whole).benchmarks.values()
    assert not any(figures.unusable for one in benchmarks for figures in one.models.values())


FILTERED = b'{"choices": [{"message": {"content": null}, "finish_reason": "content_filter"}]}'


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
