"""The record of a run: which tasks were learned, and which have too few items to say."""

from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.benchmarks.tasks import TASKS
from vf_ray.eval.scores import summary


def question_set(sizes: dict[str, int]) -> QuestionSet:
    """Return a yes/no question for each item, half of them to be answered with yes."""
    golds = [(task, n, ("yes", "no")[n % 2]) for task, size in sizes.items() for n in range(size)]
    questions = [
        Question(
            id=f"{task}#{n}", prompt="Is it?", image_id=f"{task}{n}", category=task,
            meta={"answer": gold, "letter": "", "options": [], "response": gold},
        )
        for task, n, gold in golds
    ]  # fmt: skip
    return QuestionSet(questions=tuple(questions))


def test_a_task_with_few_items_gets_no_verdict_and_is_counted_apart() -> None:
    asked = question_set({"s/learned": 160, "s/same": 160, "s/few": 149, "s/other": 160})
    constant = {q.id: "no" for q in asked.questions}
    right = {q.id: q.meta["answer"] for q in asked.questions if q.category != "s/same"}
    scores = {
        m: TASKS.score(asked, said, None) for m, said in (("base", constant), ("stage1", constant | right))
    }
    found = summary({"tasks": scores}, ("s/learned", "s/same", "s/few"), {})
    assert {task: verdict["outcome"] for task, verdict in found["verdicts"].items()} == {
        "s/learned": "learned", "s/same": "not learned", "s/few": "no verdict",
    }  # fmt: skip
    assert found["verdicts"]["s/few"]["why"] == "149 items, needs 150"
    assert found["learned"] == {"tasks": 1, "of": 2, "no verdict": 1}
