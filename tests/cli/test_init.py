"""Six questions become a recipe that runs, or that says why it cannot."""

import json
from pathlib import Path

import jsonschema
import yaml
from typer.testing import CliRunner, Result

from vf_ray.cli import app
from vf_ray.recipe.load import load_recipe

ANSWERS = ("--data", "", "--model", "", "--gpus", "0", "--benchmarks", "tasks,pope", "--track", "")


def run(folder: Path, *words: str, typed: str = "") -> Result:
    store = ("--store", str(folder / "store"))
    return CliRunner().invoke(app, ["init", str(folder / "mine.yaml"), *store, *words], input=typed)


def test_given_answers_are_not_asked_for_and_the_recipe_would_run(tmp_path: Path) -> None:
    ended = run(tmp_path, *ANSWERS)
    assert ended.exit_code == 0, ended.output
    command = ended.output.partition("Nothing would stop it: ")[2]
    assert command.startswith("VF_RAY_STORE=file://") and "python -m flows" in command
    recipe = load_recipe(str(tmp_path / "mine.yaml"))
    assert recipe.evaluate.benchmarks == ("tasks", "pope") and recipe.resources.gpus_per_worker == 0
    first = (tmp_path / "mine.yaml").read_text().partition("\n")[0]
    schema = json.loads((tmp_path / first.partition("$schema=")[2]).read_text())
    jsonschema.validate(yaml.safe_load((tmp_path / "mine.yaml").read_text()), schema)


def test_an_answer_that_cannot_be_used_is_asked_for_again(tmp_path: Path) -> None:
    ended = run(tmp_path, *ANSWERS[:4], typed="many\n0\npop\npope\ntensorbord\n\n")
    assert ended.exit_code == 0, ended.output
    assert "GPUs are 'many'; write their number" in ended.output
    assert "no benchmark is named 'pop'" in ended.output and "track" in ended.output
    assert load_recipe(str(tmp_path / "mine.yaml")).evaluate.benchmarks == ("pope",)


def test_a_recipe_that_cannot_run_here_is_written_and_says_why(tmp_path: Path) -> None:
    ended = run(tmp_path, "--gpus", "8x80", *ANSWERS[:4], *ANSWERS[6:])
    assert ended.exit_code == 1 and "fail gpus: this machine has 0" in ended.output
    assert "It cannot run yet; mend this" in ended.output
    assert load_recipe(str(tmp_path / "mine.yaml")).resources.workers == 8


def test_no_file_is_written_over_and_a_wrong_option_ends_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine: 1\n")
    assert "is there already" in run(tmp_path, *ANSWERS).output
    assert (tmp_path / "mine.yaml").read_text() == "mine: 1\n"
    absent = str(tmp_path / "absent")
    ended = CliRunner().invoke(app, ["init", str(tmp_path / "other.yaml"), "--data", absent, *ANSWERS[2:]])
    assert ended.exit_code == 1 and absent in ended.output and not (tmp_path / "other.yaml").exists()
