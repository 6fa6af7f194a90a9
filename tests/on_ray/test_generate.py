"""The evaluate step's asking: on Ray, resumed, and never twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.eval import test_pope
from tests.tiny import make_tiny
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.eval.types import Exam, Question
from vf_ray.on_ray import generate
from vf_ray.on_ray.generate import _Asking, answer, answers_spec, read_answers
from vf_ray.store import Store


def model_of(store: Store, folder: Path, seed: int = 0) -> Artifact:
    """Build an artifact that holds a tiny model."""
    make_tiny(folder, seed=seed)

    def make(writer: Writer) -> Mapping[str, Any]:
        for file in sorted(folder.iterdir()):
            writer.commit(f"model/{file.name}", file)
        return {}

    return artifacts.build(store, Spec(kind="base", name="tiny", config={"seed": seed}), make)


def exam_of(root: Path) -> Exam:
    from PIL import Image

    exam = test_pope.write(root, n=72)
    (root / "images").mkdir(exist_ok=True)
    for number in range(12):
        Image.new("RGB", (16, 16), (20 * number, 99, 0)).save(root / "images" / f"{number}.jpg")
    return exam


@dataclass
class Told:
    """Stands for the writer of the scores artifact."""

    last: tuple[float, float] = (0, 0)

    def progress(self, done: float, total: float, unit: str, metrics: Mapping[str, float]) -> None:
        self.last = (done, total)


def asking(models: Mapping[str, Artifact], exams: Mapping[str, Exam]) -> tuple[_Asking, Told]:
    recipe = SimpleNamespace(resources=SimpleNamespace(gpus_per_worker=0), evaluate=SimpleNamespace(batch=32))
    told = Told()
    plan: Any = SimpleNamespace(recipe=recipe)
    return _Asking(plan, models, exams, told), told  # type: ignore[arg-type]


def test_a_chunk_is_answered_once(
    local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, exam = model_of(local_store, tmp_path / "model"), exam_of(tmp_path)
    long = Question(id="long", prompt="a " * 9000)
    spec = answers_spec("base", model.address, "pope", exam)

    def make(writer: Writer) -> Mapping[str, Any]:
        first = answer(writer, "a.jsonl", model, [*exam.questions[:9], long], 4)
        monkeypatch.setattr(generate, "_answerer", None)  # a second asking would fail
        assert first == answer(writer, "a.jsonl", model, exam.questions[:9], 4) == 1
        return {}

    found = read_answers(artifacts.build(local_store, spec, make))
    assert set(found) == {question.id for question in exam.questions[:9]}


def test_the_address_covers_model_and_questions(tmp_path: Path) -> None:
    exam = exam_of(tmp_path)
    spec = answers_spec("base", "base/x/1", "pope", exam)
    assert spec == answers_spec("base", "base/x/1", "pope", exam_of(tmp_path))
    others = [
        answers_spec("base", "base/x/2", "pope", exam),
        answers_spec("base", "base/x/1", "pope", exam.first(20)),
    ]
    assert len({spec.address, *(other.address for other in others)}) == 3


@pytest.mark.chain
def test_every_model_is_asked_everything_once(ray_cluster: None, local_store: Store, tmp_path: Path) -> None:
    models = {f"m{seed}": model_of(local_store, tmp_path / f"m{seed}", seed) for seed in range(2)}
    exam = exam_of(tmp_path)
    exams = {"pope": exam, "mmbench": exam.first(10)}  # any questions do
    step, told = asking(models, exams)
    found = step.all()
    assert told.last == (2 * (216 + 30), 2 * (216 + 30))
    for (name, _), artifact in found.items():
        assert set(read_answers(artifact)) == {q.id for q in exams[name].questions}
    again, told = asking(models, exams)
    assert {key: a.manifest["run"] for key, a in again.all().items()} == {
        key: a.manifest["run"] for key, a in found.items()
    }
    assert told.last[0] == told.last[1]


@pytest.mark.chain
def test_a_resumed_asking_keeps_what_was_answered(
    ray_cluster: None, local_store: Store, tmp_path: Path
) -> None:
    model, exam = model_of(local_store, tmp_path / "model"), exam_of(tmp_path)
    spec = answers_spec("base", model.address, "pope", exam)
    kept = b'{"error": "", "id": "1", "text": "kept"}\n'

    def killed(writer: Writer) -> Mapping[str, Any]:
        writer.commit("answers-00001.jsonl", kept)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artifacts.build(local_store, spec, killed)
    step, _ = asking({"base": model}, {"pope": exam})
    found = step.all()["pope", "base"]
    assert found.address == spec.address
    assert found.read("answers-00001.jsonl") == kept
    assert len(found.names()) == 4
