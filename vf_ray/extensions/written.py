"""A first source or benchmark of one's own: a module and its test, which pass as they are."""

import re
from importlib.resources import files
from pathlib import Path

from vf_ray.errors import require

FOLDERS = {"source": "sources", "benchmark": "benchmarks"}
"""Where a module of each kind lies."""


def write_new(kind: str, name: str, folder: Path) -> list[Path]:
    """Write the module and the test of a source or benchmark into a folder of extensions; return their paths.

    Raises:
        UserError: for a name that no module could have, or a file that is there already.
    """
    word = name.replace("-", "_")
    usable = re.fullmatch(r"[a-z][a-z0-9_]*", word) is not None
    require(usable, f"{name!r} is no name for a {kind}; use small letters, digits, - and _")
    require(folder.resolve().name.isidentifier(), f"{folder} is imported by its name, so make that a word")
    paths = {
        folder / FOLDERS[kind] / f"{word}.py": f"{kind}.txt",
        folder / "tests" / f"test_{kind}_{word}.py": f"{kind}_test.txt",
    }
    for path in paths:
        require(not path.exists(), f"{path} is there already; choose another name, or edit it")
    for path, template in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (files(__package__) / "templates" / template).read_text(encoding="utf-8")
        path.write_text(_renamed(text, name, word), encoding="utf-8")
    return list(paths)


def _renamed(text: str, name: str, word: str) -> str:
    """Return a template with another name than that of its zebras."""
    camel = "".join(part.capitalize() for part in word.split("_"))
    for old, new in {
        "zebras-name": name, "zebras": word, "ZEBRAS": word.upper(), "ZebrasRow": f"{camel}Row",
        "Zebras": word.replace("_", " ").capitalize(),
    }.items():  # fmt: skip
        text = text.replace(old, new)
    return text
