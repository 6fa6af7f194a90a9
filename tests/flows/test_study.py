"""A study that is only rehearsed, where nothing that it needs is there."""

from pathlib import Path

import pytest

from flows.study_flow import study
from vf_ray.store import Store

STUDY = """
recipe: smoke
runs:
  one: {{}}
  other: {{base.checkpoint: {root}/none, stage1.lr: 1.0e-4}}
outcomes: [{{benchmark: pope}}]
"""


def test_a_dry_run_lists_what_it_would_build_and_all_that_is_missing(
    local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VF_RAY_STORE", local_store.url)
    (tmp_path / "mine.yaml").write_text(STUDY.format(root=tmp_path))
    missing = {"evaluate.data": str(tmp_path / "benchmarks"), "evaluate.benchmarks": ["pope", "mme"]}
    assert study.fn(str(tmp_path / "mine.yaml"), overrides=missing, dry_run=True) == ""
    table, faults = capsys.readouterr().out.split("missing, before this can run:\n")
    assert [line.split(",")[0] for line in table.splitlines() if ", seed 0" in line] == ["one", "other"]
    assert sorted(fault.rpartition("/")[2].split(":")[0].split(";")[0] for fault in faults.splitlines()) == [
        "mme", "none", "pope",
    ]  # fmt: skip
    assert not local_store.list("")
