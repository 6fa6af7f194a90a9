"""The command line: names, JSON, errors and exit codes as a shell sees them."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from vf_ray.cli import app
from vf_ray.cli.build import BuildCounts
from vf_ray.eval import benchmarks
from vf_ray.instances.sample import Tally
from vf_ray.store import Store
from vf_ray.tasks import catalogue, find, sources
from vf_ray.types import Instance, Reject

Run = Callable[..., Result]
SMALL = "demo_colours"
"""A source in a layout that a test can write: class folders of pictures."""


@pytest.fixture
def run() -> Run:
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def demo_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the demo's digits as raw files."""
    from vf_ray.demo.raw import write_digits
    from vf_ray.demo.scans import digits

    root = tmp_path_factory.mktemp("raw")
    write_digits(root / "demo_digits", digits())
    return root


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_tasks_lists_every_task_under_the_agreed_names(run: Run) -> None:
    found = json.loads(run("tasks", "--json").stdout)
    assert [task["id"] for task in found] == sorted(catalogue())
    assert all(set(task) == {"id", "upstream", "source", "group", "category", "licence"} for task in found)
    assert all(task["source"] in sources() for task in found)


def test_benchmarks_lists_what_a_recipe_may_ask(run: Run) -> None:
    listed = {row["name"]: row for row in json.loads(run("benchmarks", "--json").stdout)}
    assert listed.keys() == benchmarks.catalogue().keys()
    assert all(set(row) == {"name", "title", "judged", "files"} for row in listed.values())
    assert [listed[name]["judged"] for name in ("pope", "mmbench", "llava-bench")] == [
        "no",
        "may be",
        "must be",
    ]
    shown = run("benchmarks").stdout
    assert all(name in shown for name in listed)


def test_tasks_shows_whole_ids_when_piped(run: Run) -> None:
    shown = run("tasks", "demo_digits").stdout
    assert all(task.id in shown for task in find("demo_digits"))


def test_build_gives_one_object_a_line(run: Run, demo_raw: Path) -> None:
    result = run("build", "demo_digits/odd_even", "--raw", demo_raw, "--json")
    assert result.exit_code == 0, result.stderr
    found = lines(result)
    assert len(found) == 1797
    wanted = {"task", "key", "split", "images", "question", "options", "answer", "prompt", "response"}
    assert all(wanted <= set(instance) for instance in found)
    assert {i["answer"] for i in found} == {"odd", "even"} == set(found[0]["options"])


def test_build_takes_a_source_and_limits_each_of_its_tasks(run: Run, demo_raw: Path) -> None:
    found = lines(run("build", "demo_digits", "--raw", demo_raw, "--limit", 3, "--json"))
    ids = [instance["task"] for instance in found]
    assert {task: ids.count(task) for task in set(ids)} == {task.id: 3 for task in find("demo_digits")}


def test_build_draws_by_seed_only(run: Run, demo_raw: Path) -> None:
    def options(seed: int) -> list[list[str]]:
        words = ("build", "demo_digits/odd_even", "--raw", demo_raw, "--json", "--seed", seed)
        return [instance["options"] for instance in lines(run(*words))]

    assert options(1) == options(1)
    assert options(1) != options(2)


def write_textures(root: Path) -> None:
    """Write a few pictures of the layout that ``SMALL`` reads, one of them broken."""
    for label in ("red", "blue"):
        folder = root / SMALL / "colours" / "train" / label
        folder.mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{label}_{number:04}.jpg")
    (root / SMALL / "colours" / "train" / "red" / "red_0001.jpg").write_bytes(b"\xff\xd8 not a picture")


def test_build_rejects_a_broken_image_by_name(run: Run, tmp_path: Path) -> None:
    write_textures(tmp_path)
    rejects = tmp_path / "rejects.jsonl"
    result = run("build", SMALL, "--raw", tmp_path, "--rejects", rejects, "--json")
    assert result.exit_code == 0, result.stderr
    broken = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert {reject["task"] for reject in broken} == {task.id for task in find(SMALL)}
    assert all(reject["reason"] in ("picture format unknown", "picture does not decode") for reject in broken)
    assert all("red_0001" not in instance["key"] for instance in lines(result))
    assert "ceiling" in result.stderr


def test_build_can_leave_images_closed(run: Run, tmp_path: Path) -> None:
    write_textures(tmp_path)
    opened = lines(run("build", SMALL, "--raw", tmp_path, "--json"))
    closed = lines(run("build", SMALL, "--raw", tmp_path, "--json", "--no-images"))
    assert len(closed) == len(opened) + len(find(SMALL))


@pytest.mark.parametrize(
    ("words", "needle"),
    [
        (("build", "demo_digitz", "--raw", "."), "did you mean 'demo_digits'"),
        (("build", "demo_digits", "--raw", "nowhere"), "Raw 'demo_digits'"),
        (("build", "demo_digits", "--raw", ".", "--split", "trian"), "did you mean 'train'"),
        (("runs", "show", "nothing"), "no run 'nothing'"),
        (("runs", "show"), "no runs yet"),
        (("inspect", "demo_digits/odd_even"), "holds no run"),
        (("doctor", "demo", "--set", "seed"), "lacks '='"),
        (("score", "popee", "--data", ".", "--answers", "."), "did you mean 'pope'"),
    ],
)
def test_bad_input_ends_with_one_line_and_a_remedy(
    run: Run, words: tuple[str, ...], needle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VF_RAY_STORE", str(tmp_path))
    result = run(*words)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert needle in result.stderr
    assert result.stdout == ""


def test_build_fails_where_no_instance_comes_out(run: Run, demo_raw: Path) -> None:
    result = run("build", "demo_digits", "--raw", demo_raw, "--split", "test")
    assert result.exit_code == 1
    assert "no instance came out" in result.stderr


def test_a_share_of_rejects_counts_only_its_own_task() -> None:
    first, second = find("demo_digits")[:2]
    tally = BuildCounts({first.id: first, second.id: second}, None)
    tally.instances.update({first.id: 99, second.id: 90})
    tally.rejects.update({(first.id, "answer empty"): 1, (second.id, "answer empty"): 10})
    assert list(tally.over_ceiling()) == [
        (second.id, Tally(100, Counter({"answer empty": 10})), second.ceiling)
    ]
    tally.rejects["", "malformed record"] = 20
    assert list(tally.over_ceiling())[1:] == [
        ("whole source", Tally(209, Counter({"malformed record": 20})), first.ceiling)
    ]


def test_build_streams(demo_raw: Path) -> None:
    """A reader that has seen enough ends the verb at once."""
    command = f"vf-ray build demo_digits --raw {demo_raw} --json | head -n 1"
    path = f"PATH={Path(sys.executable).parent}:$PATH"
    shell = ["sh", "-c", f"{path}; {command}"]
    done = subprocess.run(shell, check=True, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["task"].startswith("demo_digits/")
    assert "Traceback" not in done.stderr


def test_verdicts_with_images_keep_rejects_as_they_are(tmp_path: Path) -> None:
    from vf_ray.raw.tree import RawTree
    from vf_ray.shards.checked import ImageCheck

    reject = Reject(key="k", reason="r")
    missing = Instance(
        task="a/b", key="k", split="train", image="none.png", question="", options=(), answer="x",
        prompt="p", response="x",
    )  # fmt: skip
    images = ImageCheck(RawTree.of(str(tmp_path)))
    assert images.checked(reject) is reject
    found = images.checked(missing)
    assert isinstance(found, Reject)
    assert (found.task, found.reason) == ("a/b", "picture missing")


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """Return a file of instances as a user may have been given it."""
    import pyarrow as pa

    from vf_ray.shards.schema import INSTANCES, to_parquet

    row = {
        "task": "a/b",
        "key": "k",
        "split": "train",
        "image": "0",
        "images": ["x.png"],
        "question": "What?",
    }
    row |= {"options": ["yes", "no"], "answer": "no", "prompt": "Look.\nWhat?", "response": "(b) no"}
    file = tmp_path / "train.parquet"
    file.write_bytes(to_parquet(pa.Table.from_pylist([row, {**row, "key": "l"}], INSTANCES)))
    return file


def test_inspect_shows_rows_of_a_file_even_without_a_model(
    run: Run, local_store: Store, parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VF_RAY_STORE", local_store.url)
    result = run("inspect", parquet, "--json", "--row", 1, "--count", 5)
    assert [(row["key"], row["tokens"]) for row in lines(result)] == [("l", [])]
    assert "without tokens" in result.stderr
    assert "(b) no" in run("inspect", parquet).stdout
    assert "no row 2" in run("inspect", parquet, "--row", 2).stderr


def test_score_gives_the_official_figures(run: Run, tmp_path: Path) -> None:
    from vf_ray.eval.benchmarks.pope import OFFSETS

    labels = ("yes", "no", "no", "yes")
    folder = tmp_path / "data" / "coco"
    folder.mkdir(parents=True)
    asked = [
        {"question_id": n, "image": f"{n // 2}.jpg", "text": f"Is there a {n}?", "label": label}
        for n, label in enumerate(labels)
    ]
    for split in OFFSETS:
        (folder / f"coco_pope_{split}.json").write_text("\n".join(map(json.dumps, asked)))
    said = [
        {"question_id": offset + n + 1, "text": "No" if n else "Yes"}
        for offset in OFFSETS.values()
        for n in range(len(labels))
    ]
    answers = tmp_path / "answers.jsonl"
    answers.write_text("\n".join(map(json.dumps, said)))
    words = ("score", "pope", "--data", tmp_path / "data", "--answers", answers)
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["counts"]["questions"] == 12
    assert any(figure["value"] == pytest.approx(2 / 3, abs=0.01) for figure in found["headline"].values())
    assert "f1" in run(*words).stdout
