"""A module's fingerprint changes with what it computes, and with nothing else."""

import sys
from pathlib import Path

import pytest

from vf_ray.artifacts.code import code_of

RULE = """from mine.rules import words


def right(answer):
    '''Tell.'''
    return words.tidy(answer) == "a"
"""
REWORDED = """from mine.rules import (
    words,
)

# why
def right(answer):
    return (words.tidy(answer)
            == 'a')
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a package of one benchmark, whose rule uses another module, on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        monkeypatch.delitem(sys.modules, name)  # another test's
    files = {"__init__.py": "", "bench.py": RULE, "rules/__init__.py": "", "rules/other.py": "x = 1\n"}
    for name, text in {**files, "rules/words.py": "def tidy(text):\n    return text.strip()\n"}.items():
        path = tmp_path / "mine" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    code_of.cache_clear()
    return tmp_path / "mine"


def now() -> str:
    code_of.cache_clear()
    return code_of("mine.bench", ("mine.rules",))


def test_comments_docstrings_and_layout_change_nothing(package: Path) -> None:
    before = now()
    (package / "bench.py").write_text(REWORDED)
    (package / "rules" / "other.py").write_text("x = 2\n")
    assert now() == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("bench.py", '"a"', '"b"'), ("bench.py", "==", "!="), ("rules/words.py", "strip", "lower")],
)
def test_a_rule_or_what_it_uses_changes_it(package: Path, file: str, old: str, new: str) -> None:
    before = now()
    path = package / file
    path.write_text(path.read_text().replace(old, new))
    assert now() != before


def test_what_is_not_there_has_none() -> None:
    assert code_of("mine.nothing") == code_of("vf_ray.nothing.at_all") == ""
