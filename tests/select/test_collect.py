"""What a real tiny model says of each instance, chunk by chunk, and how it is tuned for that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.tiny import make_tiny
from tests.train.inputs import Listed, Said, stage
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.model.encoded import IGNORE
from vf_ray.model.families import encoder_of
from vf_ray.model.load import load
from vf_ray.recipe import Lora
from vf_ray.select import collect
from vf_ray.select.collect import Collector, Inquiry, chunks_of, collected, warmed
from vf_ray.select.features import Feature, attention, loss
from vf_ray.select.k_means import Floats32
from vf_ray.select.one_by_one import OneByOne
from vf_ray.select.proxy import proxy
from vf_ray.select.trajectories import VALUES
from vf_ray.store import Store
from vf_ray.train.collate import Pack
from vf_ray.work import LocalPool, Workers

SIZE, STEPS = 10, 6
MARKS = (2, 4, 6)
TUNED = stage(max_length=96, tune=("language_model",), lora=Lora(rank=2, alpha=4, dropout=0.0), steps=STEPS)


@dataclass(frozen=True)
class WithOneTooLong(Listed):
    """Listed samples, of which number 4 cannot be encoded and number 9 shows nothing."""

    def text(self, rows: Sequence[int]) -> list[Said]:
        texts = super().text(rows)
        return [Said(t.task, t.key, "why " * 99, t.response) if t.key == "4" else t for t in texts]


def samples() -> WithOneTooLong:
    listed = Listed.of(SIZE)
    return WithOneTooLong(listed.said, (*listed.seen[:-1], b""))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = make_tiny(tmp_path_factory.mktemp("tiny"))

    def make(writer: Writer) -> Mapping[str, Any]:
        for file in folder.iterdir():
            writer.commit(f"model/{file.name}", file)
        return {}

    store = Store.open(str(tmp_path_factory.mktemp("store")))
    return artifacts.build(store, Spec(kind="base", name="tiny", config={}), make)


@pytest.fixture(scope="module")
def warm(model: Artifact) -> Artifact:
    with LocalPool().workers(Collector, gpus=0, most=1) as workers:
        spec = Spec(kind="proxy", name="tiny", config={})
        return warmed(model.store, spec, TUNED, model, samples, 0, MARKS, workers)


def asked(model: Artifact, kind: Feature, **changes: Any) -> Inquiry:
    return Inquiry(
        kind=kind, stage=TUNED, model=model, samples=samples, known_as="listed", seed=0, size=256, **changes
    )


def table(inquiry: Inquiry, name: str, workers: Workers | None = None) -> Floats32:
    spec = Spec(kind="features", name=name, config={})
    ask = partial(collected, inquiry.model.store, spec, inquiry, range(SIZE))
    if workers is not None:
        found = ask(workers)
    else:
        with LocalPool().workers(Collector, gpus=0, most=1) as opened:
            found = ask(opened)
    assert found.stats == {"instances": SIZE, "rejected": 1}
    assert len(found.store.list(f"{found.address}/rejected")) == 1
    with chunks_of(found) as chunks:
        rows = np.concatenate([np.array(chunk, np.float32) for chunk in chunks])
    assert np.isnan(rows).any(axis=1).nonzero()[0].tolist() == [4]
    return np.delete(rows, 4, axis=0)


def test_a_short_tuning_learns_adapters_and_goes_on_where_it_was(
    model: Artifact, warm: Artifact, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert warm.names() == [f"weights-{n:06d}.safetensors" for n in (2, 4, 6)]
    store = Store.open(str(tmp_path))
    spec, worker = Spec(kind="proxy", name="killed", config={}), Collector()

    def make(writer: Writer, stop_at: int) -> Mapping[str, Any]:
        def progress(_: Any, done: float, *__: Any) -> None:
            if done == stop_at:
                raise KeyboardInterrupt

        monkeypatch.setattr(Writer, "progress", progress)
        return worker.warm_up(writer, TUNED, model, samples, 0, MARKS)

    with pytest.raises(KeyboardInterrupt):
        artifacts.build(store, spec, partial(make, stop_at=5))
    again = artifacts.build(store, spec, partial(make, stop_at=99))
    assert [again.read(name) for name in again.names()] == [warm.read(name) for name in warm.names()]


def test_gradients_of_one_colour_point_one_way(model: Artifact, warm: Artifact) -> None:
    rows = table(asked(model, "gradients", warm=warm, marks=(STEPS,)), "gradients")
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-2)
    colours = np.delete(np.arange(SIZE) % 4, 4)
    cosines, alike = rows @ rows.T, colours[:, None] == colours
    np.fill_diagonal(alike, False)
    apart = ~alike & ~np.eye(len(rows), dtype=bool)
    assert cosines[alike].mean() > cosines[apart].mean() + 0.1


def test_a_worker_does_not_ask_the_tuned_model_for_the_plain_one(model: Artifact, warm: Artifact) -> None:
    with LocalPool().workers(Collector, gpus=0, most=1) as workers:
        table(asked(model, "losses", warm=warm, marks=(STEPS,)), "one-worker", workers)
        after = table(asked(model, "losses"), "one-worker-plain", workers)
    assert np.array_equal(after, table(asked(model, "losses"), "another-worker"))


def test_losses_with_and_without_questions_are_those_of_training(model: Artifact, warm: Artifact) -> None:
    found = table(asked(model, "losses", warm=warm, marks=(STEPS,)), "losses")
    before = table(asked(model, "losses"), "losses-before")
    assert found.shape == (SIZE - 1, 2)
    assert found[:, 0].mean() < before[:, 0].mean() - 0.2
    assert (found[:, 0] != found[:, 1]).all()
    unasked = OneByOne(samples(), (1, 2), asked=False).text([0, 1])
    assert [text.prompt for text in unasked] == ["", ""]
    assert [text.response for text in unasked] == [said.response for said in samples().said[1:3]]


def test_attention_is_followed_over_the_steps(model: Artifact, warm: Artifact) -> None:
    rows = table(asked(model, "attention", warm=warm, marks=(2, 4, 6)), "attention")
    assert rows.shape == (SIZE - 1, 15)
    assert (rows[-1] == 0).all()  # it shows nothing
    assert (rows[:-1, 0] > 0).all() and (np.diff(rows[:-1, :4], axis=1) <= 0).all()
    assert not np.array_equal(rows[:, :5], rows[:, 10:])


@pytest.mark.parametrize("kind", ["hidden", "looks"])
def test_what_is_seen_alike_is_alike(model: Artifact, kind: Feature) -> None:
    rows = table(asked(model, kind), kind)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    cosines = rows @ rows.T
    assert cosines[0, 7] > cosines[0, 1]  # red 0, red 8 (4 is left out), green 1
    assert (rows[-1] == 0).all() == (kind == "looks")


def test_a_killed_chunk_is_all_that_is_lost(model: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "CHUNK", 4)
    whole, measured = table(asked(model, "hidden"), "whole"), []
    real = collect.Probe.table

    def counted(probe: collect.Probe, rows: Sequence[int]) -> Any:
        measured.append(list(rows))
        if len(measured) == 3:
            raise KeyboardInterrupt
        return real(probe, rows)

    monkeypatch.setattr(collect.Probe, "table", counted)
    with pytest.raises(KeyboardInterrupt):
        table(asked(model, "hidden"), "killed")
    assert np.array_equal(table(asked(model, "hidden"), "killed"), whole)
    assert measured == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [8, 9]]


def test_attention_and_loss_are_those_of_the_model_s_own_class(model: Artifact) -> None:
    with model.at_hand("model") as folder:
        mine, own = proxy(TUNED, folder, 0).eval(), load(folder).eval()
        encoder = encoder_of(folder)
    pack = next(OneByOne(samples(), (1,)).packs(TUNED, encoder, mine.device, mine.dtype))
    own.set_attn_implementation("eager")
    said = own(input_ids=pack.input_ids, output_attentions=True, labels=_labels(pack), **pack.images)
    mean_SS = torch.stack(said.attentions).mean((0, 1, 2))
    is_image = pack.input_ids[0] == encoder.image_id
    expected = torch.linalg.svdvals(mean_SS[~is_image][:, is_image])
    found = attention(mine, pack, encoder.image_id)
    assert torch.allclose(found[: len(expected)], expected[:VALUES], atol=1e-5)
    assert float(loss(mine, pack)) == pytest.approx(float(said.loss.detach()), rel=1e-4)


def _labels(pack: Pack) -> Tensor:
    labels = torch.full_like(pack.input_ids, IGNORE)
    labels[0, pack.label_positions + 1] = pack.targets
    return labels
