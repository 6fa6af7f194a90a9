"""What ``vf-ray new`` writes passes as it is, and fails once a promise is broken."""

import runpy
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.extensions.acme import exam_files, named, raw_files
from tests.tasks.tree import write
from vf_ray.cli.app import app
from vf_ray.errors import UserError
from vf_ray.eval.benchmarks import catalogue as benchmarks
from vf_ray.extensions.written import write_new
from vf_ray.tasks import catalogue
from vf_ray.testing import check_benchmark, check_source

ROOT = Path(__file__).parents[2]


def tried(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder of extensions, as its owner would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "tests")]
    return subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / f"lab_{uuid.uuid4().hex}"  # a name is imported once
    write_new("source", "horses", folder)
    write_new("benchmark", "horse-race", folder)
    return folder


def test_it_passes_as_it_is_and_is_found(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = tried(lab)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout[-3000:]
    with named(monkeypatch, lab):
        assert "horses/answer" in catalogue() and benchmarks()["horse-race"].title == "Horse race"


def test_it_is_written_as_our_own_code_is(lab: Path) -> None:
    for verb in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *verb, "--config", str(ROOT / "pyproject.toml"), str(lab)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("path", "text", "other", "message"),
    [
        ("sources/horses.py", "key=at.key()", 'key="one"', "a key comes twice"),
        ("sources/horses.py", "record['image']", "record['answer']", "no file 'images/0'"),
        ("sources/horses.py", 'record["answer"]', 'str(record.raw("answer"))', "is said as"),
        ("benchmarks/horse_race.py", ".lower(), question", ".upper(), question", "right answers come to"),
        ("benchmarks/horse_race.py", "answer.strip()", "answer.split()[0]", "list index out of range"),
    ],
)
def test_a_broken_promise_is_told(
    lab: Path, path: str, text: str, other: str, message: str, tmp_path: Path
) -> None:
    whole = (lab / path).read_text()
    assert text in whole
    (lab / path).write_text(whole.replace(text, other))
    kind = path.partition("/")[0].removesuffix("s")
    written = runpy.run_path(str(lab / "tests" / f"test_{kind}_{Path(path).name}"))
    with pytest.raises(Exception, match=message):
        written[f"test_the_{kind}_keeps_its_promises"](tmp_path / "tried")


@pytest.mark.parametrize("name", ["Zebras", "9x", "a b", "../x"])
def test_a_name_that_no_module_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no name for a source"):
        write_new("source", name, tmp_path / "lab")


def test_nothing_is_written_over(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app(["new", "source", "horses", "--to", str(lab)])
    assert "horses.py is there already; choose another name" in capsys.readouterr().err


def test_the_example_package_keeps_the_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.example_package.acme_vision.benchmarks.zebra_count import ZEBRA_COUNT
    from tests.example_package.acme_vision.sources.zebras import ZEBRAS

    check_source(ZEBRAS, raw_files(), tmp_path / "source")
    exam = {name.removeprefix("zebra-count/"): data for name, data in exam_files().items()}
    check_benchmark(ZEBRA_COUNT, lambda folder: write(folder, exam), tmp_path / "benchmark")
