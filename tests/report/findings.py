"""What a run could have found: every benchmark in miniature, answered by three models made up here."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.eval.miniature import WRITERS
from tests.eval.test_mmbench import Oracle
from tests.eval.trees import tree
from vf_ray.eval.benchmark import Item, Question, QuestionSet, Score
from vf_ray.eval.benchmarks import get
from vf_ray.eval.scores import Scores, summary
from vf_ray.eval.scoring import score
from vf_ray.instances.chance import SPAN, rank
from vf_ray.report.findings import Findings

MODELS: Mapping[str, float] = {"base": 0.3, "stage1": 0.8, "stage2": 0.7}
"""Share of questions that each answers rightly."""


def question_sets(root: Path) -> dict[str, QuestionSet]:
    """Return every benchmark's questions."""
    for name, write in WRITERS.items():
        write(root / name)
    return {name: get(name).load(tree(root / name)) for name in WRITERS}


def said(model: str, question: Question) -> str:
    """Return a right answer to the model's share of questions, else something else."""
    right = (question.golds or (question.gold or "a dog",))[0]
    words = {"0": "No", "1": "Yes", "no": "No", "yes": "Yes"}
    knows = rank(model, question.id) / SPAN < MODELS[model]
    answer = words.get(right, right) if knows else "I cannot tell."
    return f"{answer} Let me say more about that." if model == "stage2" and rank(question.id) % 3 else answer


def findings(asked: Mapping[str, QuestionSet], earlier: Mapping[str, Scores] | None = None) -> Findings:
    """Return the findings of a run that evaluated all."""
    scores: dict[str, dict[str, Score]] = {}
    for name, question_set in asked.items():
        judge = Oracle("8 6") if get(name).needs_judge else None
        scores[name] = {
            model: score(
                get(name), question_set, {q.id: said(model, q) for q in question_set.questions}, judge
            )
            for model in MODELS
        }
    items: dict[str, dict[str, Sequence[Item]]] = {
        name: {model: found.items for model, found in by_model.items()} for name, by_model in scores.items()
    }
    models = {model: f"{model}/x/{'1' * 12}" for model in MODELS}
    record = summary(scores, (), models, answers={}, judged={})
    return Findings(
        recipe="paper-13b", about="Everything.", built=[], stages=[], scores=record, items=items,
        lineage=[("evaluate", "scores/x/1")], earlier=earlier or {},
    )  # fmt: skip
