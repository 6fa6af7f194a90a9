"""Nothing outside ``model/families`` knows which model it is."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiny import make_tiny, tiny_base
from vf_ray.errors import UserError
from vf_ray.model.families import FAMILIES, family_of, family_of_base, family_of_model
from vf_ray.model.load import load

ROOT = Path(__file__).parents[3]
FAMILY = re.compile(
    r"(?i:llava|smolvlm|idefics|internvl|llama|clip_?vision|multi_modal|mm_projector|get_image_features|vision_feature|qwen|deepstack)|CLIP|"
    r"model\.(language_model|vision_tower)\b"
)
DATA = re.compile(r"llava_(instruct|pretrain|jsonl?)|llava-bench")
"""Names of datasets and of files."""
PATCHES = re.compile(r"//\s*\w*(\.\w+)*patch")
FORMATS = {
    "vf_ray/exchange/": "LLaVA's JSON, written and read",
    "vf_ray/tasks/": "data sets of that name",
    "vf_ray/cli/export.py": "--format llava",
    "vf_ray/cli/score.py": "answer files",
    "vf_ray/doctor/draft.py": "a source of that name, and whose published rates a new recipe has",
    "vf_ray/eval/benchmarks/": "files, question sets and benchmarks of that name",
    "vf_ray/eval/coco_questions.py": "what the benchmark's own server is sent",
    "vf_ray/quality/contamination_page.py": "suffixes of its prompts",
    "vf_ray/report/paper.py": "the published figures",
    "vf_ray/recipe/input_format.py": "names of conversation templates, as recipes write them",
}
"""Where such a word is the name of a format or of a dataset, and of which."""


def code(path: Path) -> Iterator[str]:
    """Yield a module's names and strings, each dotted name whole; neither docstrings nor comments."""
    text = path.read_text(encoding="utf-8")
    if not FAMILY.search(text) and not PATCHES.search(text):
        return
    told = {
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    kept = [t.string for t in tokens if t.type != tokenize.COMMENT and t.start[0] not in told]
    line = DATA.sub("", " ".join(kept).replace(" . ", "."))
    yield from re.findall(r"[\w.]+|'[^']*'|\"[^\"]*\"|//[\s\w.]+", line)


def outside() -> Iterator[tuple[str, Path]]:
    for top in ("vf_ray", "flows"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(("vf_ray/model/families/", *FORMATS)):
                yield name, path


def test_no_code_outside_the_families_names_one() -> None:
    named = {
        f"{name}: {word}"
        for name, path in outside()
        for word in code(path)
        if FAMILY.search(word) or PATCHES.search(word)
    }
    assert named == set()


@pytest.mark.parametrize("folder", FORMATS)
def test_each_exception_is_needed(folder: str) -> None:
    paths = [ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py")
    assert any(FAMILY.search(word) for path in paths for word in code(path))


def test_a_folder_a_model_and_a_base_are_of_one_family(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path)
    family = family_of(folder)
    assert family is family_of_model(load(folder)) is family_of_base(tiny_base(), Path)
    assert family.name in {one.name for one in FAMILIES}


def test_an_unknown_family_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "idefics9"}))
    names = ", ".join(family.name for family in FAMILIES)
    with pytest.raises(UserError, match=rf"'idefics9'.*there are {names}\..*vf_ray/model/families"):
        family_of(tmp_path)


def test_a_folder_without_a_configuration_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no config\.json"):
        family_of(tmp_path)


def test_what_a_family_says_of_places_covers_its_model(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path)
    family, model = family_of(folder), load(folder)
    for name, _ in model.named_parameters():
        (module,) = [m for m, begins in family.modules.items() if name.startswith(begins)]
        assert family.saved_name(name).startswith(family.saved_modules[module])
    assert sum(bool(re.fullmatch(family.lora_targets, n)) for n, _ in model.named_modules()) == 7 * 2
