"""A tiny model that is evaluated in this process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.eval import test_pope
from tests.eval.judge_server import Answer, says
from tests.eval.miniature import png
from tests.tiny import make_tiny
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval import evaluate as step
from vf_ray.eval.benchmark import QuestionSet
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
    asked = test_pope.write(data / "pope", n=72)
    (data / "pope" / "images").mkdir(exist_ok=True)
    for number in range(12):
        (data / "pope" / "images" / f"{number}.jpg").write_bytes(png(number))
    return asked


def evaluate(store: Store, plan: Plan, *, force: bool = False) -> Artifact:
    """Evaluate in this process."""
    return step.evaluate(store, plan.evaluation, LocalPool(), force=force)


def says_yes(body: dict[str, Any], number: int) -> Answer:
    """Answer as a model that is shown pictures, or as a judge who likes everything."""
    asked = body["messages"][-1]["content"]
    marks = {"Verdict:": "correct", "Letter:": "B", "the question in yes or no": "yes", " | ": "1.0"}
    verdict = next((word for mark, word in marks.items() if mark in asked), "8 9")
    return says("Yes" if isinstance(asked, list) else verdict)
