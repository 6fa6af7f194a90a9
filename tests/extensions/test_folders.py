"""Folders of extensions join the catalogues; what is wrong with one is said by its name."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.extensions.acme import FOLDER, named
from tests.tasks.tree import write
from vf_ray.errors import ExtensionError, UserError, one_line
from vf_ray.eval.benchmarks import catalogue as benchmarks
from vf_ray.extensions import shipped
from vf_ray.model.families import FAMILIES, families
from vf_ray.plan.inputs import rule
from vf_ray.recipe.load import load_recipe, recipe_names
from vf_ray.study.study import load_study, study_names
from vf_ray.tasks import catalogue, declared


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with named(monkeypatch, FOLDER):
        yield


@pytest.mark.usefixtures("acme")
def test_a_folder_s_sources_benchmarks_recipes_and_studies_are_found_by_name() -> None:
    assert [task for task in catalogue() if task.startswith("zebras/")] == ["zebras/count", "zebras/many"]
    assert "okvqa/answer" in catalogue()
    assert benchmarks()["zebra-count"].title == "Acme's zebra count"
    assert load_recipe("acme").name == "acme" and {"acme", "demo"} <= set(recipe_names())
    assert load_study("acme_rates").recipe == "acme" and {"acme_rates", "noise"} <= set(study_names())


def test_without_it_nothing_is_known_of_them() -> None:
    assert not any(task.startswith("zebras/") for task in catalogue())
    assert "zebra-count" not in benchmarks() and "acme" not in recipe_names()


SOURCE = """
from vf_ray.types import Raw, Row, Source, Terms
from {package} import words

def read(tree):
    yield Row(key="a", split="train", image="a.jpg")

RAWS = (Raw(name="lions", obtain="x"),)
LIONS = Source(name="{name}", title="", url="", terms=Terms(), raws=RAWS, read=read)

@LIONS.task("it", group="generation", category="", instruction="")
def it(row):
    return words.SAID
"""
Texts = Mapping[str, str]


def lions(name: str = "lions", package: str = "lab", **more: str) -> dict[str, str]:
    return {
        "words.py": "SAID = None\n",
        "sources/lions.py": SOURCE.format(name=name, package=package),
        **more,
    }


def folder(tmp_path: Path, texts: Texts, name: str = "lab") -> Path:
    return write(tmp_path / name, texts)


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    path, known = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in [
        name for name in sys.modules if name not in known and name.split(".")[0] in ("lab", "other")
    ]:
        del sys.modules[name]


def code(monkeypatch: pytest.MonkeyPatch, where: Path) -> str:
    """Return the fingerprint of a folder's source in a process of its own: one imports a module once."""
    asked = "from vf_ray.tasks import declared; print(declared().code_of('lions'))"
    environment = {**os.environ, "VF_RAY_EXTENSIONS": str(where)}
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_an_address_covers_all_of_the_package_that_a_source_uses_and_not_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = code(monkeypatch, folder(tmp_path / "a", lions(**{"unused.py": "X = 1\n"})))
    assert code(monkeypatch, folder(tmp_path / "b", lions(**{"words.py": "SAID = None  # why\n"}))) == usual
    assert code(monkeypatch, folder(tmp_path / "c", lions(**{"words.py": "SAID = 1\n"}))) != usual


def test_a_source_that_an_extension_gives_a_task_has_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = """
from vf_ray.tasks.clevr import CLEVR

@CLEVR.task("again", group="generation", category="", instruction="")
def again(row):
    return None
"""
    before = declared().code_of("clevr"), list(declared().sources["clevr"].tasks)
    with named(monkeypatch, folder(tmp_path, {"sources/more.py": more})):
        assert "clevr/again" in catalogue() and declared().code_of("clevr") not in ("", before[0])
        declared().sources["clevr"].tasks[:] = before[1]
    assert declared().code_of("clevr") == before[0]


def test_a_benchmark_s_rule_is_named_by_the_content_of_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    with named(monkeypatch, FOLDER):
        assert len(rule("zebra-count")) == 12 and rule("pope")
    assert rule("zebra-count") == ""


WRONG: Mapping[str, tuple[Texts, str]] = {
    "nothing": ({"a.py": ""}, "which holds none of the folders sources, benchmarks"),
    "doubled": (lions("okvqa"), r"'okvqa' is declared twice, in vf_ray.tasks.okvqa and in lab.sources.lions"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_a_person_can_mend_is_said_in_a_line(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, message = WRONG[fault]
    with named(monkeypatch, folder(tmp_path, texts)), pytest.raises(UserError, match=message):
        declared()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/nowhere/at/all", "names /nowhere/at/all, where no folder is"),
        ("nosuchpackage", "neither a folder nor a package"),
        ("json", "which holds none of the folders"),
    ],
)
def test_a_folder_that_is_not_there_is_named(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with named(monkeypatch, name), pytest.raises(UserError, match=message):
        declared()


def test_a_folder_whose_name_hides_another_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with named(monkeypatch, folder(tmp_path, lions(), "json")), pytest.raises(UserError, match="rename it"):
        declared()
    with named(monkeypatch, folder(tmp_path, lions(), "my-lab")), pytest.raises(UserError, match="a word"):
        declared()


def test_a_broken_extension_is_named_with_its_own_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"sources/broken.py": "def zebras():\n    return 1 / 0\n\nzebras()\n"}
    with named(monkeypatch, folder(tmp_path, texts)), pytest.raises(ExtensionError) as caught:
        declared()
    assert "lab.sources.broken" in str(caught.value) and str(tmp_path / "lab") in str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert not one_line(caught.value) and not getattr(caught.value, "__notes__", [])


def test_a_recipe_of_a_name_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"recipes/demo.yaml": "base: {}\n"}
    with (
        named(monkeypatch, folder(tmp_path, texts)),
        pytest.raises(UserError, match=r"demo\.yaml.*rename yours"),
    ):
        recipe_names()


def test_a_family_is_what_a_module_calls_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "from vf_ray.model.families.internvl import InternVl\n"
    own += "class Own(InternVl):\n    name = 'own'\nFAMILY = Own()\n"
    with named(monkeypatch, folder(tmp_path, {"families/own.py": own})):
        assert [family.name for family in families()] == [*(f.name for f in FAMILIES), "own"]
    with (
        named(
            monkeypatch,
            folder(tmp_path / "2", {"families/own.py": own.replace("'own'", "'internvl'")}, "other"),
        ),
        pytest.raises(UserError, match="'internvl' is declared twice"),
    ):
        families()


def test_folders_go_to_a_cluster_packed_by_content_and_are_found_there_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipped.packed() == {} == shipped.environment()
    here, there = (
        folder(tmp_path / n, lions(**{"tests/test_x.py": n, "__pycache__/x.pyc": n})) for n in "ab"
    )
    with named(monkeypatch, here):
        packed, environment = shipped.packed(), shipped.environment()
    sys.path.remove(str(here.parent))
    with named(monkeypatch, there):
        assert shipped.packed() == packed and len(packed) == 1
    assert environment == {"VF_RAY_EXTENSIONS": "lab"}
    (data,) = packed.values()
    import io
    import zipfile

    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["lab/sources/lions.py", "lab/words.py"]
