"""A report as its step leaves it, with what a test gives."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.plan.plan import Plan
from vf_ray.store import Store

PAGE = "<!doctype html><style>p{color:red}</style><script>alert(1)</script><p onclick='alert(2)'>the report"
SECTIONS = [
    {"title": "Overview", "blocks": [{"figures": [{"value": "1", "label": "of", "detail": "2"}]}]},
    {"title": "Parts", "blocks": [
        {"headers": ["", "n", "n"], "rows": [["a", "1,000", "2.5 [1, 3]"]], "caption": "twice the same head"},
        {"plot": "plot.svg", "caption": "a plot", "numbers": {"headers": ["x"], "rows": [["1"]]}},
        {"notes": ["a note"]}, {"gallery": [{}, {}]}, {"words": "words"},
    ]},
]  # fmt: skip


def reported(
    store: Store, plan: Plan, scores: str, sections: list[dict[str, Any]] = SECTIONS, title: str = "a report"
) -> Artifact:
    """Store a report of scores as that of a plan's own run, which names it."""

    def make(writer: Writer) -> Mapping[str, int]:
        record = {"title": title, "about": title, "sections": sections}
        svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>alert(1)</script></svg>"
        for name, text in {"report.json": json.dumps(record), "report.html": PAGE, "plot.svg": svg}.items():
            writer.commit(name, text.encode())
        return {}

    artifact = build(store, Spec(kind="report", name="miniature", config={}, inputs={"scores": scores}), make)
    run = {"id": "reported", "when": "2026-01-02", "recipe": "miniature", "raw": "", "code": {}}
    versions = {**plan.versions, "report": [artifact.address]}
    record = {**run, "versions": versions, "config": plan.recipe.flat}
    store.create("runs/reported.json", json.dumps(record, default=asdict).encode())
    return artifact
