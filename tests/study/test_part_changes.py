"""The page tells how far training moved a part: of each model once, over the seeds that made it anew."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tests.tiny import make_tiny
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.model.weight_change import ALL
from vf_ray.page.document import Document
from vf_ray.store import Store
from vf_ray.study.part_changes import PartChange, part_changes, part_sections
from vf_ray.study.study import ComparedPart

PART = ComparedPart(module="projector", published="Pearson's r above 0.99")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


def model(store: Store, tiny: Path, scale: float) -> str:
    """Return the address of a model whose projector is scaled."""

    def make(writer: Writer) -> Mapping[str, Any]:
        tensors = load_file(tiny / "model.safetensors")
        scaled = {name: tensor * (scale if "projector" in name else 1) for name, tensor in tensors.items()}
        with store.part() as local:
            save_file(scaled, local)
            writer.commit("model/model.safetensors", local.read_bytes())
        writer.commit("model/config.json", (tiny / "config.json").read_bytes())
        return {}

    return build(store, Spec(kind="stage1", name="x", config={"scale": scale}, code=1), make).address


@pytest.fixture
def changes(local_store: Store, tiny: Path) -> list[PartChange]:
    scales = {name: model(local_store, tiny, scale) for name, scale in (("1", 1.0), ("2", 1.2), ("3", 1.4))}
    seeds = [{"base": scales["1"], "align": scales["1"], "stage1": scales[end]} for end in "23"]
    frozen = [{"base": scales["1"], "stage1": scales["1"]}] * 2
    same = [{**models, "stage2": scales["3"]} for models in seeds]
    runs = {"BASE": seeds, "frozen": frozen, "CHAT": same, "no stage": [{"base": scales["2"]}]}
    return list(part_changes(PART, runs, local_store))


def test_each_model_is_told_of_once_over_its_seeds(changes: list[PartChange]) -> None:
    whole = [change for change in changes if change.weights == ALL]
    assert [(change.run, change.model) for change in whole] == [("BASE", "stage1"), ("CHAT", "stage2")]
    distances = [[seed.distance for seed in change.seeds] for change in whole]
    assert distances == [pytest.approx([0.2, 0.4]), pytest.approx([0.4])], (
        "seeds that share a model count once"
    )
    assert len(changes) == 2 * 5, "four tensors each, and all of them"


def test_the_page_has_r_and_the_papers_words(changes: list[PartChange]) -> None:
    (section,) = part_sections(PART, changes)
    text = Document(title="", about="", sections=[section]).markdown()
    assert "as long as what was there. The paper has Pearson's r above 0.99, of its own models" in text
    assert "what training added is 20.0 to 40.0 %" in text and "| 30.00 (14.14) | 2 |" in text
    assert not list(part_sections(PART, [])) and not list(part_sections(None, changes))
