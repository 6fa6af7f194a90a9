"""The record of a run: which tasks were learned, and that what is written is read again."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Question, QuestionSet, Score
from vf_ray.eval.benchmarks.tasks import TASKS, TaskAnswer
from vf_ray.eval.scores import LearnedTasks, asked_models, read, read_items, summary, write
from vf_ray.store import Store


def question_set(sizes: dict[str, int]) -> QuestionSet:
    """Return a yes/no question for each item, half of them to be answered with yes."""
    golds = [(task, n, ("yes", "no")[n % 2]) for task, size in sizes.items() for n in range(size)]
    questions = [
        Question(
            id=f"{task}#{n}", prompt="Is it?", image_id=f"{task}{n}", category=task,
            gold=gold, meta=TaskAnswer(answer=gold, letter=""),
        )
        for task, n, gold in golds
    ]  # fmt: skip
    return QuestionSet(questions=tuple(questions))


def scores_of_two(asked: QuestionSet) -> dict[str, Score]:
    """Return the scores of a model that says no, and of one that knows all tasks but one."""
    constant = {q.id: "no" for q in asked.questions}
    right = {q.id: q.gold for q in asked.questions if q.category != "s/same"}
    answers = {"base": constant, "stage1": constant | right}
    return {model: TASKS.score(asked, texts, None) for model, texts in answers.items()}


def test_a_task_with_few_items_gets_no_verdict_and_is_counted_apart() -> None:
    asked = question_set({"s/learned": 160, "s/same": 160, "s/few": 149, "s/other": 160})
    scores = scores_of_two(asked)
    record = summary({"tasks": scores}, ("s/learned", "s/same", "s/few"), {}, answers={}, judged={})
    assert {task: verdict.outcome for task, verdict in record.verdicts.items()} == {
        "s/learned": "learned", "s/same": "not learned", "s/few": "no verdict",
    }  # fmt: skip
    assert record.verdicts["s/few"].why == "149 items, needs 150"
    assert record.learned == LearnedTasks(tasks=1, of=2, no_verdict=1)


@pytest.fixture
def stored(local_store: Store) -> Artifact:
    """Return a run's scores as the evaluate step writes them."""
    scores = {"tasks": scores_of_two(question_set({"s/learned": 160, "s/same": 8}))}
    record = summary(
        scores, ("s/learned",), {"base": "base/r/1"}, answers={"base/tasks": "answers/x/1"}, judged={}
    )

    def make(writer: Writer) -> dict[str, Any]:
        write(writer, record, scores)
        return {}

    return build(local_store, Spec(kind="scores", name="r", config={}), make)


def test_what_is_written_is_read(stored: Artifact) -> None:
    record = read(stored)
    assert json.loads(stored.read("scores.json")) == json.loads(json.dumps(record.plain()))
    assert asked_models(stored) == {"tasks": ["base", "stage1"]}
    assert len(read_items(stored, "tasks", "stage1")) == 168
    with pytest.raises(UserError, match=r"no tasks/stage2; did you mean 'tasks/stage1'"):
        read_items(stored, "tasks", "stage2")


def changed(stored: Artifact, change: Callable[[dict[str, Any]], None]) -> Artifact:
    """Return an artifact whose record was written otherwise."""
    values = json.loads(stored.read("scores.json"))
    change(values)

    def make(writer: Writer) -> dict[str, Any]:
        writer.commit("scores.json", json.dumps(values).encode())
        return {}

    return build(stored.store, Spec(kind="scores", name="older", config={}), make)


def test_an_older_record_is_read_and_a_broken_one_refused(stored: Artifact) -> None:
    def age(values: dict[str, Any]) -> None:
        values["learned"] = {"tasks": 1, "of": 1, "no verdict": 0}
        for figures in values["benchmarks"]["tasks"]["models"].values():
            figures |= {"benchmark": "tasks", "title": "Tasks"}

    assert read(changed(stored, age)) == read(stored)
    stored.store.delete("scores/older")
    with pytest.raises(UserError, match=r"scores\.verdicts is 'none'; .* run the evaluate step"):
        read(changed(stored, lambda values: values.update(verdicts="none")))
