"""What a report says beside a figure."""

from dataclasses import replace
from pathlib import Path

from tests.report import findings
from vf_ray.eval.benchmark import Unusable
from vf_ray.report import sections
from vf_ray.report.render import summary


def test_what_gave_nothing_to_go_by_stands_beside_the_figure(tmp_path: Path) -> None:
    question_sets = findings.question_sets(tmp_path)
    found = findings.findings({name: question_sets[name] for name in ("pope", "llava-bench")})
    entry = Unusable(count=2, of=12, reason=f"status 400: {'no ' * 30}", times=2)
    pope = found.benchmarks["pope"]
    models = {**pope.models, "stage1": replace(pope.models["stage1"], unusable={"answers": entry})}
    benchmarks = {**found.benchmarks, "pope": replace(pope, models=models)}
    found = replace(found, scores=replace(found.scores, benchmarks=benchmarks))
    row = sections.headline(found, "pope").rows[-1]
    assert row[:4] == ["answers not usable", "-", f"2 of 12: {entry.reason}", "-"]
    assert len(row) == len(sections.headline(found, "pope").headers)
    assert [cells[0] for cells in summary(found).rows if "not usable" in cells[0]] == [
        "pope: answers not usable"
    ]
