"""Training speed as ratios within one run: packs against padded batches, saves, seeks.

Lengths are like Vision-Flan's: a picture of 16 tokens, a question of 40 to 60, an answer whose length
is log-normal, so that most are a few words and some fill the context.
"""

import math
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.bench.timing import Ratio, interleaved, seconds
from tests.train.inputs import stage, train
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.model.encoded import Encoded
from vf_ray.model.families.llava15 import Llava15
from vf_ray.model.load import load
from vf_ray.model.packed import packed
from vf_ray.recipe import Base
from vf_ray.shards.order import Permutation
from vf_ray.store import Store
from vf_ray.train import checkpoint, deepspeed
from vf_ray.train.collate import collate
from vf_ray.train.learner import learner
from vf_ray.train.pack import partition
from vf_ray.train.schedule import rows_of_step
from vf_ray.train.step import loss_of

pytestmark = pytest.mark.bench

IMAGE = 16
CONTEXT = 2048
ROUNDS = 15
LEAST = {"grouped": 0.97, "shared": 0.97}
"""Of medians."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("model"), width=192)


def made(folder: Path, *, width: int, patch_size: int = 8) -> Path:
    base = Base(
        image_size=32, patch_size=patch_size, vision_width=64, vision_layers=2, vision_heads=4, width=width,
        layers=4, heads=4, vocabulary=512,
    )  # fmt: skip
    texts = [f"\nWhat is word{i} of {i * 7}? ASSISTANT: it is thing{i * 13}" for i in range(500)]
    Llava15().assemble(base, texts, folder, seed=0, fetch=Path)
    return folder


def conversations(network: Any, number: int, seed: int, patches: int = IMAGE) -> list[Encoded]:
    draw, image = random.Random(seed), network.config.image_token_id
    found = []
    for _ in range(number):
        asked = [image] * patches + [draw.randrange(10, 200) for _ in range(draw.randrange(40, 60))]
        answer = [draw.randrange(10, 200) for _ in range(min(1900, 2 + int(math.exp(draw.gauss(3.0, 1.2)))))]
        found.append(Encoded(ids=asked + answer, labels=[-100] * len(asked) + answer, prefix_len=patches))
    return found


def in_packs(network: Any, batch: Sequence[Encoded]) -> None:
    plan = partition([len(one.ids) for one in batch], ranks=1, capacity=2048)
    weight = 1 / sum(one.num_labels for one in batch)
    for (members,) in plan.packs:
        images = {"pixel_values": torch.zeros(len(members), 3, 32, 32)}
        each = [(place,) for place in range(len(members))]
        loss_of(
            network, collate([batch[i] for i in members], [weight] * len(members), images, each)
        ).backward()


def padded(network: Any, batch: Sequence[Encoded], width: int | None = None, rows: int = 8) -> None:
    """Run micro-batches of ``rows``, padded on the right, where causal attention needs no mask at all."""
    for at in range(0, len(batch), rows):
        part = batch[at : at + rows]
        longest = width or max(len(one.ids) for one in part)
        ids = torch.tensor([one.ids + [0] * (longest - len(one.ids)) for one in part])
        labels = torch.tensor([one.labels + [-100] * (longest - len(one.labels)) for one in part])
        kept, places = labels[:, 1:] != -100, torch.arange(longest).expand(len(part), -1)
        hidden = network.model(
            input_ids=ids,
            pixel_values=torch.zeros(len(part), 3, 32, 32),
            position_ids=places,
            use_cache=False,
        ).last_hidden_state[:, :-1][kept]
        torch.nn.functional.cross_entropy(network.lm_head(hidden), labels[:, 1:][kept]).backward()


def test_packs_against_padded_batches(model: Path, one_thread: None) -> None:
    network, plain = packed(load(model)), load(model).train()
    batch = conversations(network, 64, seed=3)
    grouped = sorted(batch, key=lambda one: -len(one.ids))
    spent = interleaved(
        {
            "packed": lambda: in_packs(network, batch),
            "pad to the longest of 8": lambda: padded(plain, batch),
            "grouped by length": lambda: padded(plain, grouped),
        },
        ROUNDS,
    )
    wide = seconds(lambda: padded(plain, batch[:8], CONTEXT), times=1)
    tokens, ours = sum(len(one.ids) for one in batch), statistics.median(spent["packed"])
    print(f"\npacked: {tokens / ours:.0f} real tokens/s, 1 thread, width 192, {tokens} tokens")
    ratios = {name: Ratio.of(times, spent["packed"]) for name, times in spent.items() if name != "packed"}
    for name, ratio in ratios.items():
        print(f"packed / {name}: {ratio}")
    print(f"packed / pad to 2048: {wide * len(batch) / 8 / ours:.2f}")
    assert ratios["pad to the longest of 8"].median > 1.2
    assert wide * len(batch) / 8 / ours > 2.5
    assert ratios["grouped by length"].median > LEAST["grouped"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.75])
def test_samples_that_share_tokens(tmp_path: Path, one_thread: None, share: float) -> None:
    patches = 256  # as LLaVA's 576 are, most of a conversation
    network = packed(load(made(tmp_path, width=192, patch_size=2)))
    batch = conversations(network, 32, seed=3, patches=patches)
    shown = list(range(round(32 * (1 - share)))) or [0]
    shown += [shown[i % len(shown)] for i in range(32 - len(shown))]
    weight, lengths = 1 / sum(one.num_labels for one in batch), [len(one.ids) for one in batch]

    def run(share: bool) -> None:
        for (members,) in partition(
            lengths,
            ranks=1,
            capacity=4096,
            shown=[(image,) for image in shown],
            prefix_lens=[patches * share] * len(batch),
        ).packs:
            here = list(dict.fromkeys(shown[i] for i in members))
            images = {"pixel_values": torch.zeros(len(here), 3, 32, 32)}
            image_index = [(here.index(shown[i]),) for i in members]
            taken, weights = [batch[i] for i in members], [weight] * len(members)
            loss_of(network, collate(taken, weights, images, image_index, share=share)).backward()

    spent = interleaved({"copied": lambda: run(False), "shared": lambda: run(True)}, ROUNDS)
    ratio = Ratio.of(spent["copied"], spent["shared"])
    print(f"\nshare {share:.0%} of pictures repeated: their tokens computed once {ratio}x")
    assert ratio.median > (LEAST["shared"] if share < 0.5 else 1.2)


def test_a_save_blocks_for_a_fraction_of_its_time(tmp_path: Path) -> None:
    tuned = stage(tune=("language_model",))
    folder = made(tmp_path / "model", width=640)
    deepspeed.prepare_process()
    deepspeed.join(0, 1)
    engine = deepspeed.start(learner(tuned, folder, 0), tuned)

    def make(writer: Writer) -> dict[str, Any]:
        saver, blocked, whole = checkpoint.Saver(writer, 0, 1, "bench"), [], []
        for step in range(1, 6):
            began = time.perf_counter()
            saver.save(engine, step, {})
            blocked.append(time.perf_counter() - began)
            saver.wait()
            whole.append(time.perf_counter() - began)
        stored = max(f.stat().st_size for f in tmp_path.rglob("*.safetensors") if "step-" in str(f))
        one, all_of_it = statistics.median(blocked), statistics.median(whole)
        print(
            f"\n{stored / 1e6:.0f} MB: blocks {one:.3f} s, in all {all_of_it:.3f} s: {all_of_it / one:.1f}x"
        )
        assert stored > 200e6
        assert all_of_it / one > 5, (blocked, whole)
        saver.close()
        return {}

    build(Store.open(str(tmp_path / "store")), Spec(kind="stage1", name="bench", config={}), make)
    engine.destroy()


def test_saving_beside_the_training_costs_little(model: Path, tmp_path: Path) -> None:
    spent = {}
    for every in (1000, 5, 1000, 5):
        began = time.perf_counter()
        train(model, tmp_path / f"{every}-{began}", stage(steps=30, batch=32, save_every=every), size=200)
        spent.setdefault(every, []).append(time.perf_counter() - began)
    ratio = min(spent[5]) / min(spent[1000])
    print(f"\na save every 5 steps of 30: {ratio:.3f}x the time without")
    assert ratio < 1.25


def test_a_seek_costs_the_same_at_any_step() -> None:
    @dataclass(frozen=True)
    class Many:
        size: int = 1_660_000

        def __len__(self) -> int:
            return self.size

        def order(self, seed: int, epoch: int) -> Permutation:
            return Permutation(seed, epoch, self.size)

    samples: Any = Many()

    def at(step: int) -> float:
        return seconds(lambda: rows_of_step(samples, seed=0, step=step, batch=128), times=9)

    early, late = at(10), at(1_000_000)
    print(f"\nseek in 1.66M samples: step 10 in {early * 1e3:.2f} ms, step 1,000,000 in {late * 1e3:.2f} ms")
    assert late < 3 * early + 0.001
