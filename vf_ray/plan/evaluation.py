"""What the evaluate step asks and makes: a recipe's questions, and the artifacts of their answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vf_ray.artifacts import Spec
from vf_ray.plan.inputs import INSTANCES, rule
from vf_ray.plan.origins import RawFiles
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Evaluate
from vf_ray.recipe.strict import plain


@dataclass(frozen=True)
class Questions:
    """What a recipe asks its models, and where the files of it lie."""

    asked: Evaluate
    raw_files: RawFiles
    instances: Mapping[str, Spec]
    """By task, whose held-out part is a benchmark."""
    images: Mapping[str, Spec]
    """By source."""


@dataclass(frozen=True)
class Evaluation:
    """Every artifact of the step."""

    recipe: str
    """Its name."""
    questions: Questions
    files: Mapping[str, str]
    """Fingerprint of each benchmark's folder that the recipe names."""
    raw: str
    """Fingerprint or address of the raw files, with which all other benchmarks come."""
    models: Mapping[str, str]
    """The addresses of the models of the recipe that answer, by name."""
    learner: str = "stage1"
    """The one whose tasks count as learned or not."""

    @cached_property
    def served(self) -> Mapping[str, Mapping[str, str]]:
        """Return, by name, what each model served elsewhere is known by, wherever that is."""
        served = self.questions.asked.served
        return {one.name: {"model": one.model, "version": one.version} for one in served}

    @cached_property
    def judge(self) -> Mapping[str, str]:
        """Return what the judge is known by; empty: there is none."""
        asked = self.questions.asked
        if not asked.judge:
            return {}
        known = {"model": asked.judge_model} if asked.judge_model else {"checkpoint": asked.judge}
        return {**known, **({"tokens": str(asked.judge_tokens)} if asked.judge_tokens else {})}

    def answers(self, model: str, benchmark: str, questions: str) -> Spec:
        """Return the answers of a model to a benchmark, by whose ``questions`` as the model sees them.

        Their fingerprint is known once the benchmark's files are read, so no run can name this beforehand;
        pruning keeps it with the scores that it was made for.
        """
        address = self.models.get(model)
        config: dict[str, Any] = {"questions": questions, "decoding": "greedy"}
        config |= (
            {} if address else {"served": self.served[model], "kept": "answers"}
        )  # once errors were kept, too
        config |= {"files": self.files[benchmark]} if benchmark in self.files else {}
        inputs = {"model": address} if address else {}
        inputs |= {} if benchmark in (INSTANCES, *self.files) else {"data": self.raw}
        return Spec(
            kind="answers", name=f"{model}/{benchmark}", config=config, inputs=inputs, code=CODE["answers"]
        )

    def judged(self, model: str, benchmark: str, requests: str, answers: Spec) -> Spec:
        """Return what the judge says of answers; ``requests`` is the fingerprint of what it is asked."""
        return Spec(
            kind="judged",
            name=f"{model}/{benchmark}",
            config={"judge": self.judge, "requests": requests},
            inputs={"answers": answers.address},
            code=CODE["judged"],
        )

    @cached_property
    def scores(self) -> Spec:
        """Return the scores of every model on every benchmark."""
        asked = plain(self.questions.asked)
        config = {key: asked[key] for key in ("benchmarks", "models", "per_task", "longest")}
        config |= {key: asked[key] for key in ("items", "blind") if asked[key]}
        config |= {
            "served": {name: dict(known) for name, known in self.served.items()},
            "judge": self.judge,
            "files": dict(self.files),
        }
        config |= {"rules": {name: rule(name) for name in self.questions.asked.benchmarks}}
        several = [one.name for one in self.questions.asked.served if one.several_images]
        config |= {"several_images": several} if several else {}
        config |= {"learner": self.learner} if self.learner not in ("", "stage1") else {}
        inputs = dict(self.models)
        inputs |= {task: spec.address for task, spec in self.questions.instances.items()}
        inputs |= {} if asked["data"] else {"data": self.raw}
        return Spec(kind="scores", name=self.recipe, config=config, inputs=inputs, code=CODE["scores"])
