"""The example package and what it reads."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tasks.tree import Files, json_lines, pictures
from vf_ray.eval import benchmarks
from vf_ray.extensions.found import VARIABLE
from vf_ray.model.families import families
from vf_ray.tasks import declared

PACKAGE = Path(__file__).parent.parent / "example_package"
FOLDER = PACKAGE / "acme_vision"
STRIPES = {f"{n}.jpg": n for n in range(1, 7)}


def raw_files() -> Files:
    """Return Acme's zebras in miniature."""
    lines = "".join(f"{name} {stripes}\n" for name, stripes in STRIPES.items())
    return {"zebras/stripes.txt": lines, **pictures(*(f"zebras/images/{name}" for name in STRIPES))}


def exam_files() -> Files:
    """Return Acme's exam in miniature."""
    questions = [{"id": f"q{n}", "image": name, "stripes": n} for name, n in STRIPES.items()]
    shown = pictures(*(f"zebra-count/images/{name}" for name in STRIPES))
    return {"zebra-count/questions.jsonl": json_lines(*questions), **shown}


def answers(right: int) -> str:
    """Return an answer file of which so many answers are right."""
    said = {f"q{n}": str(n if n <= right else -n) for n in STRIPES.values()}
    return json.dumps(said)


@contextmanager
def named(monkeypatch: pytest.MonkeyPatch, *folders: Path | str) -> Iterator[None]:
    """Name folders of extensions, to catalogues that know nothing yet and forget it afterwards."""
    caches = (declared, benchmarks.catalogue, families)
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, ":".join(map(str, folders)))
        for cached in caches:
            cached.cache_clear()
        try:
            yield
        finally:
            for cached in caches:
                cached.cache_clear()
