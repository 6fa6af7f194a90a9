"""The pages of what is data: recipes, studies, tasks, benchmarks."""

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from infra.docs.markdown import block, code, contents, page, prose, quoted, table, text
from vf_ray import artifacts
from vf_ray.artifacts.paths import COMPLETE
from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.benchmarks import catalogue as known_benchmarks
from vf_ray.plan.run_records import STUDY
from vf_ray.quality.published_sizes import published
from vf_ray.recipe.load import load_recipe, recipe_names
from vf_ray.recipe.suites import SUITES
from vf_ray.store import Store
from vf_ray.study.study import load_study, study_names
from vf_ray.tasks import sources
from vf_ray.types import Source, Task


def recipes() -> Mapping[str, str]:
    """Return a page that lists the recipes which come with vf-ray, and one for each."""
    about = {name: load_recipe(name).about for name in recipe_names()}
    rows = [[_link("recipes", name), text(words)] for name, words in about.items()]
    listed = page("Recipes", table(("recipe", "what it is"), rows), _below("recipes", about))
    return {"recipes": listed} | {
        f"recipes/{n}": _yaml("recipes", n, text(words)) for n, words in about.items()
    }


def studies(store: Store | None) -> Mapping[str, str]:
    """Return a page that lists the studies which come with vf-ray, and one for each.

    Those that were finished in ``store`` are shown with what they found.
    """
    known = {name: load_study(name) for name in study_names()}
    rows = [[_link("studies", name), text(study.question)] for name, study in known.items()]
    listed = page("Studies", table(("study", "question"), rows), _below("studies", known))
    single = {
        name: _yaml("studies", name, text(study.about), *_findings(store, name))
        for name, study in known.items()
    }
    return {"studies": listed} | {f"studies/{name}": body for name, body in single.items()}


def _findings(store: Store | None, name: str) -> Iterator[str]:
    """Yield the page of each finished version of a study."""
    if store is None:
        return
    for path in store.list(f"{STUDY}/{name}"):
        address = path.removesuffix(f"/{COMPLETE}")
        if path != address:
            body = artifacts.load(store, address).read("study.md").decode()
            yield f"## What {code(address)} found\n"
            yield body.replace("\n## ", "\n### ").partition("\n")[2]


def _yaml(kind: str, name: str, *parts: str) -> str:
    body = (files("flows") / kind / f"{name}.yaml").read_text(encoding="utf-8")
    return page(name, *parts, "## The file\n", block("yaml", body))


def catalogue() -> Mapping[str, str]:
    """Return a page that lists every task, and one for each source."""
    rows = (
        [_link("catalogue", source.name, task.id), text(task.upstream), text(task.group), text(task.category),
         text(source.terms.licence)]
        for source in sources().values() for task in source.tasks
    )  # fmt: skip
    headers = ("task", "published as", "group", "category", "licence")
    listed = page("Tasks", table(headers, rows), _below("catalogue", sources()))
    return {"catalogue": listed} | {
        f"catalogue/{name}": _source(source) for name, source in sources().items()
    }


def _source(source: Source[Any]) -> str:
    terms = source.terms
    allowed = (("training", terms.training), ("redistribution", terms.redistribution), ("faces", terms.faces))
    stated = f", as {text(terms.stated)} says" if terms.stated else ""
    return page(
        text(source.title),
        f"{text(source.url)}. Licence: {text(terms.licence)}{stated}.",
        table(("question", "answer"), [[what, answer] for what, answer in allowed]),
        "## Raw files\n",
        table(("folder", "how to obtain it"), [[code(raw.name), text(raw.obtain)] for raw in source.raws]),
        "## Its tasks\n",
        *(part for task in source.tasks for part in _task(task)),
    )


def _task(task: Task[Any]) -> Iterator[str]:
    yield f"### {text(task.id)}\n"
    yield prose((inspect.getdoc(task.make) or "").partition("\n\n")[0])
    size = published().get(task.id)
    counted = f"; {size.published:,} records published" if size and size.published is not None else ""
    yield f"{text(task.group)}, {text(task.category)}{counted}."
    yield quoted(task.instruction)


def benchmarks() -> Mapping[str, str]:
    """Return a page of every benchmark: which files it needs, and by which rule it grades."""
    known = known_benchmarks()
    suites = table(
        ("suite", "benchmarks"), ([code(name), text(", ".join(names))] for name, names in SUITES.items())
    )
    return {
        "benchmarks": page(
            "Benchmarks", suites, *(part for one in known.values() for part in _benchmark(one))
        )
    }


def _benchmark(benchmark: Benchmark) -> Sequence[str]:
    module = sys.modules[f"{known_benchmarks.__module__}.{benchmark.name.replace('-', '_')}"]
    rule = block("text", inspect.getdoc(module) or "")
    return f"## {text(benchmark.name)}\n", f"{text(benchmark.title)}. Files: {text(benchmark.files)}", rule


def _link(folder: str, name: str, label: str = "") -> str:
    return f"[{text(label or name)}]({folder}/{name}.md)"


def _below(folder: str, names: Iterable[str]) -> str:
    return contents((f"{folder}/{name}" for name in names), hidden=True)
