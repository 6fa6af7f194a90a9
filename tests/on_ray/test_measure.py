"""Units that measure a mixture: parts that add up, of a model whose weights nobody fetches."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import make_tiny
from tests.train.inputs import Listed, stage
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.model.families import encoder_of
from vf_ray.on_ray import measure
from vf_ray.store import Store
from vf_ray.train.lengths import Lengths
from vf_ray.work import LocalPool

SIZE = 40


def test_parts_add_up_and_no_weight_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, store, samples = (
        make_tiny(tmp_path / "model"),
        Store.open(str(tmp_path / "store")),
        Listed.of(SIZE),
    )
    fetched = list[str]()

    def put(writer: Writer) -> Mapping[str, Any]:
        for file in sorted(folder.iterdir()):
            writer.commit(f"model/{file.name}", file)
        return {"instances": SIZE}

    def noted(self: Store, path: str, local: Path) -> None:
        fetched.append(path)
        plain(self, path, local)

    model = artifacts.build(store, Spec(kind="base", name="tiny", config={}), put)
    plain = Store.download
    monkeypatch.setattr(Store, "download", noted)
    monkeypatch.setattr(measure, "ROWS", 16)
    monkeypatch.setattr(measure.StoredSamples, "of", lambda store, mixture: samples)

    def make(writer: Writer) -> Mapping[str, Any]:
        return measure._measured(stage(), model, model, LocalPool(), writer)

    measured = artifacts.build(store, Spec(kind="lengths", name="stage1", config={}), make)
    found = Lengths.joined([measured.read(measure.NAME)])
    expected = Lengths.measured(encoder_of(folder, stage().max_length), samples, range(SIZE))
    assert (found.table == expected.table).all() and found.table.shape == (SIZE, 4)
    assert measured.stats == {"instances": SIZE, "tokens": int(found.table[:, 0].sum())}
    assert fetched and not [path for path in fetched if path.endswith(measure.WEIGHTS)]


def test_a_unit_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store"))

    def make(writer: Writer) -> Mapping[str, Any]:
        nothing: Any = None
        unit = measure.Measure(stage(), nothing, Artifact(store, "mixture/a/0"), writer, 3)
        assert not unit.done()
        writer.commit(measure.part(3), b"measured")
        assert unit.done() and unit.run() == {"task": 3}
        return {}

    artifacts.build(store, Spec(kind="lengths", name="stage1", config={}), make)
