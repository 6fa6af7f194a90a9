"""The dataset card: a README.md with Hugging Face's front matter, from what was counted."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from vf_ray.exchange.census import Census, Count, summary
from vf_ray.exchange.parquet import of_group, slug
from vf_ray.page.tables import Table
from vf_ray.recipe.own_table import source_name
from vf_ray.tasks import Catalogue
from vf_ray.types import Source

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST_SIZE = "1M<n<10M"
GROUPS = {
    "question answering": "visual-question-answering",
    "generation": "image-to-text",
    "classification": "image-classification",
}
"""Hugging Face's task categories for the paper's groups."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a card tells."""

    name: str
    """Of the recipe."""
    about: str
    catalogue: Catalogue
    census: Census
    files: Mapping[str, Sequence[str]]
    """By split: the data files that hold it whole."""
    rejected: Mapping[str, Mapping[str, int]]
    """By task, or by source where its reader refused: records by reason."""
    usage: str
    """How to open it, as code."""
    samples: Mapping[str, str]
    """By source: the file of its sample picture."""
    any_licence: bool


def card(facts: Facts) -> str:
    """Return the card as Markdown."""
    parts = (_front_matter, _head, _groups, _tasks, _lengths, _sources, _rejects, _samples)
    return "\n\n".join(part(facts).strip() for part in parts) + "\n"


def images(census: Census, any_licence: bool) -> str:
    """Say how many pictures go out, and why others do not."""
    total, left_out = census.images.total(), census.left_out.total()
    if left_out:
        return (
            f"{left_out:,} of their {total:,} pictures are left out, because the terms of the sources do not "
            "say that they may be passed on; `image_from` names the raw pictures."
        )
    unasked = ", whatever the terms of the sources say: look at them before you pass anything on"
    return f"All their {total:,} pictures are here{unasked if any_licence else ''}."


def _front_matter(facts: Facts) -> str:
    total = facts.census.instances()
    groups = {facts.catalogue.tasks[task].group for task in facts.census.tasks}
    values = {
        "pretty_name": f"Vision-Flan, built by vf-ray ({facts.name})",
        "language": ["en"],
        "license": "other",
        "license_name": "that-of-each-source",
        "task_categories": [hub for group, hub in GROUPS.items() if group in groups],
        "size_categories": [next((name for below, name in SIZES if total < below), LARGEST_SIZE)],
        "tags": ["vision-flan", "visual-instruction-tuning"],
        **({"configs": configs} if (configs := _configs(facts, groups)) else {}),
    }
    return f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}---"


def _configs(facts: Facts, groups: Collection[str]) -> list[dict[str, Any]]:
    """Return what the Hub opens by which name: everything, and each group that has files of its own."""
    parts = {"default": facts.files} | {
        slug(group): {split: of_group(names, group) for split, names in facts.files.items()}
        for group in sorted(groups)
    }
    splits = {
        name: [{"split": split, "path": list(paths)} for split, paths in files.items() if paths]
        for name, files in parts.items()
    }
    return [{"config_name": name, "data_files": files} for name, files in splits.items() if files]


def _head(facts: Facts) -> str:
    census = facts.census
    splits = ", ".join(f"{census.instances(split):,} {split}" for split in facts.files)
    asked = f"{census.instances():,} instances ({splits}) of {len(census.tasks)} tasks."
    return f"""# {facts.name}

{facts.about}

{asked} {images(facts.census, facts.any_licence)}

```
{facts.usage.strip()}
```"""


def _groups(facts: Facts) -> str:
    tasks: Counter[tuple[str, str]] = Counter()
    instances: Counter[tuple[str, str]] = Counter()
    for task, count in facts.census.tasks.items():
        place = (facts.catalogue.tasks[task].group, facts.catalogue.tasks[task].category)
        tasks[place] += 1
        instances[place] += count.instances.total()
    rows = [(*place, tasks[place], instances[place]) for place in sorted(tasks)]
    return _section("Groups", ("group", "category", "tasks", "instances"), rows, wide=1)


def _tasks(facts: Facts) -> str:
    columns = ("task", "published id", *facts.files, "words asked", "words answered", "rejected")
    rows = [_task(facts, task, count) for task, count in sorted(facts.census.tasks.items())]
    return _section("Tasks", columns, rows, wide=1)


def _task(facts: Facts, task: str, count: Count) -> tuple[Any, ...]:
    means = (summary(lengths)["mean"] for lengths in (count.asked, count.answered))
    splits = (count.instances[split] for split in facts.files)
    rejected = sum(facts.rejected.get(task, {}).values())
    return (task, facts.catalogue.tasks[task].upstream, *splits, *means, rejected)


def _lengths(facts: Facts) -> str:
    counts = facts.census.tasks.values()
    asked = sum((count.asked for count in counts), Counter[int]())
    answered = sum((count.answered for count in counts), Counter[int]())
    rows = [(side, *summary(n).values()) for side, n in (("asked", asked), ("answered", answered))]
    return _section("Lengths of an instance", ("words", "mean", "median", "99%", "longest"), rows)


def _sources(facts: Facts) -> str:
    names = sorted(set(map(source_name, facts.census.tasks)))
    columns = ("source", "title", "licence", "training", "redistribution", "faces", "stated")
    rows = [_source(facts.census, facts.catalogue.sources[name]) for name in names]
    return _section("Sources and their terms", (*columns, "images", "left out"), rows, wide=6)


def _source(census: Census, source: Source[Any]) -> tuple[Any, ...]:
    terms, title = source.terms, f"[{source.title}]({source.url})"
    cells = (terms.licence, terms.training, terms.redistribution, terms.faces, terms.stated)
    return (source.name, title, *cells, census.images[source.name], census.left_out[source.name])


def _rejects(facts: Facts) -> str:
    counts = [(where, reason, n) for where, why in facts.rejected.items() for reason, n in why.items()]
    counts.sort(key=lambda row: (-row[2], row))
    title = f"Rejected records: {sum(n for *_, n in counts):,}"
    return _section(title, ("task or source", "reason", "records"), counts, wide=1)


def _samples(facts: Facts) -> str:
    shown = [_sample(facts, source, file) for source, file in facts.samples.items()]
    return "\n\n".join(["## Samples", *(shown or ["No picture is here."])])


def _sample(facts: Facts, source: str, file: str) -> str:
    record = facts.census.samples[source]
    dialogue = "\n".join(f"    {line}" for text in record.texts for line in text.splitlines())
    return f"### {record.task.id}\n\n![{record.task.id}]({file})\n\n{dialogue}"


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], wide: int = 0) -> str:
    """Return a heading and a table; the first column and ``wide`` more are text."""
    table = Table(headers=columns, rows=[list(map(_cell, row)) for row in rows], wide=range(1, wide + 1))
    return f"## {title}\n\n{table.markdown()}"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
