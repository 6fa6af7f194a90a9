"""A drafted recipe is sound, names what lies there, and fits where it is to run."""

from pathlib import Path

import pytest
import yaml

from tests.tasks.tree import write
from tests.tasks.trees import miniature
from vf_ray.doctor.draft import ADAPTERS, PAPER, Situation, draft, fitting, present
from vf_ray.doctor.weights import dimensions
from vf_ray.errors import UserError
from vf_ray.recipe import Base, Recipe
from vf_ray.store import Store
from vf_ray.train import estimate

GIB = 1 << 30


def drafted(situation: Situation, store: Path) -> Recipe:
    return Recipe.from_mapping({"name": "mine", **yaml.safe_load(draft(situation, Store.open(str(store))))})


def test_six_answers_become_a_recipe(tmp_path: Path) -> None:
    write(tmp_path / "raw", miniature("okvqa"))
    situation = Situation(
        data=str(tmp_path / "raw"), gpus=8, benchmarks=("pope", "tasks"),
        benchmark_files=str(tmp_path), track=("wandb",),
    )  # fmt: skip
    recipe = drafted(situation, tmp_path / "store")
    assert recipe.prepare.tasks == ("okvqa/*",) and recipe.prepare.raw == str(tmp_path / "raw")
    assert recipe.evaluate.benchmarks == ("pope", "tasks") and recipe.evaluate.data == str(tmp_path)
    assert (recipe.resources.workers, recipe.resources.gpus_per_worker) == (8, 1)
    assert recipe.resources.track == ("wandb",)


def test_only_sources_whose_archives_are_all_there_are_taken(tmp_path: Path) -> None:
    tree = write(tmp_path, miniature("okvqa"))
    assert present(str(tree)) == ("okvqa/*",)
    (tree / "okvqa").rename(tree / "something_else")
    with pytest.raises(UserError, match=r"no source: .*something_else; expected a folder or an archive"):
        present(str(tree))


@pytest.mark.parametrize(
    ("size", "gpus", "gib", "adapters"),
    [("7B", 8, 80, False), ("13B", 8, 80, False), ("7B", 1, 80, False), ("7B", 1, 24, True)],
)
def test_what_is_drafted_fits(size: str, gpus: int, gib: int, adapters: bool) -> None:
    model = dimensions(Base(size=size))  # type: ignore[arg-type]
    stage = fitting(Situation(model="m", gpus=gpus, gpu_gib=gib), model)
    assert estimate.memory(stage, model, gpus).device <= gib * GIB
    assert (stage.lora == ADAPTERS.lora) is adapters
    assert stage.batch == PAPER.batch and stage.epochs == PAPER.epochs


def test_what_is_drafted_with_changes_says_them_in_the_file(tmp_path: Path) -> None:
    situation = Situation(model="s3://bucket/unreadable", gpus=1, gpu_gib=24)
    stage = drafted(situation, tmp_path / "store").stage("stage1")
    assert stage is not None
    model = dimensions(Base(checkpoint=situation.model))
    expected = fitting(situation, model)
    keys = (
        "lora",
        "lr",
        "own_lr",
        "zero",
        "recompute",
        "micro_tokens",
        "offload",
        "precision",
        "batch",
        "epochs",
    )
    assert {key: getattr(stage, key) for key in keys} == {key: getattr(expected, key) for key in keys}
