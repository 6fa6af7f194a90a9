"""Write what a recipe prepared to a folder or bucket, in a format of the field, with its card.

Everything streams; the same artifacts give the same files. The card is written last, once everything else
is on the disk for good: a target without a README.md is not whole, and is to be exported again.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Protocol

from PIL import Image

from vf_ray.artifacts import Artifact, Spec, load, load_all
from vf_ray.errors import require
from vf_ray.exchange.census import Census
from vf_ray.exchange.dataset_card import Facts, card
from vf_ray.exchange.llava import LlavaFiles
from vf_ray.exchange.messages import MessageFiles
from vf_ray.exchange.parquet import ParquetFiles
from vf_ray.exchange.records import Record, records
from vf_ray.exchange.webdataset import WebDatasetFiles
from vf_ray.recipe.own_table import source_name
from vf_ray.shards.candidates import SOURCE, examined_name, read_examined
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.store import Store
from vf_ray.store.scratch import scratch
from vf_ray.tasks import Catalogue, declared

SPLITS = {"train": TRAIN, "held_out": HELD_OUT}
BATCH = 128
"""Records whose pictures are in memory at once."""
REQUESTS = 16
"""Pictures that are read or stored at once."""
LARGEST = 256
"""Pixels of a sample's longer side."""


class Sink(Protocol):
    """Files of one split, growing."""

    def add(self, batch: Sequence[Record]) -> None: ...
    def close(self) -> list[str]: ...


FORMS: Mapping[str, tuple[Callable[[Store, str, Path, Executor], Sink], str]] = {
    "llava": (
        LlavaFiles,
        "# LLaVA's trainers\n--data_path train.json --image_folder images\n\n"
        "# vf-ray: put this folder below prepare.raw as llava_json, and prepare llava_json/conversation",
    ),
    "llava-tar": (
        LlavaFiles.packed,
        "# LLaVA's trainers\nmkdir images && for tar in images-*.tar; do tar xf $tar -C images; done\n"
        "--data_path train.json --image_folder images\n\n"
        "# vf-ray, as it is: put this folder below prepare.raw as llava_json, and prepare "
        "llava_json/conversation",
    ),
    "messages": (
        MessageFiles,
        "# LLaMA-Factory: dataset_info.json, beside its columns `messages` and `images`\n"
        '{"file_name": "train.jsonl", "formatting": "sharegpt", "columns": {"messages": "messages", '
        '"images": "images"},\n "tags": {"role_tag": "role", "content_tag": "content", '
        '"user_tag": "user", "assistant_tag": "assistant"}}',
    ),
    "webdataset": (
        WebDatasetFiles,
        "from datasets import load_dataset  # or webdataset.WebDataset\n\n"
        'train = load_dataset("webdataset", data_files="train-jpg-*.tar", split="train")',
    ),
    "parquet": (
        ParquetFiles,
        "from datasets import load_dataset\n\n"
        'train = load_dataset("parquet", data_files="data/train-*.parquet", split="train")\n'
        'captions = load_dataset(".", "generation", split="train")  # one group of tasks alone',
    ),
}
"""Name -> what writes a split, and how the result is opened."""


def export(
    wanted: Mapping[str, Spec], store: Store, target: Store, form: str, *, name: str, about: str = "",
    any_licence: bool = False, catalogue: Catalogue | None = None,
) -> Census:  # fmt: skip
    """Export finished instances, ``wanted`` by task, under a recipe's name; return what went out.

    ``catalogue`` is the recipe's, where it has tables of its own.

    Raises:
        FileNotFoundError: if one of the tasks is not prepared.
        ValueError: if the target is not empty, or the tasks hold nothing.
    """
    require(not target.list(), f"{target.url} is not empty; export into a new folder, or delete it first")
    instances = load_all(store, wanted)
    make, usage = FORMS[form]
    catalogue = catalogue or declared()
    census, files = Census.of(tuple(wanted)), dict[str, Sequence[str]]()
    with scratch() as below, ThreadPoolExecutor(REQUESTS) as pool:
        for split, file in SPLITS.items():
            split_records = records(catalogue, instances, file, any_licence=any_licence)
            files[split] = _write(make(target, split, below, pool), census, split, split_records)
    require(
        census.instances() > 0, f"the tasks {', '.join(wanted)} hold no instance; there is nothing to export"
    )
    facts = Facts(
        name=name,
        about=about,
        catalogue=catalogue,
        census=census,
        files=files,
        rejected=_rejected(instances),
        usage=usage,
        samples={source: _sample(target, record) for source, record in census.samples.items()},
        any_licence=any_licence,
    )
    target.settle()
    target.create("README.md", card(facts).encode())
    target.leave()
    return census


def _write(sink: Sink, census: Census, split: str, split_records: Iterator[Record]) -> Sequence[str]:
    while batch := list(islice(split_records, BATCH)):
        census.add(split, batch)
        sink.add(batch)
    return sink.close()


def _rejected(instances: Mapping[str, Artifact]) -> dict[str, Mapping[str, int]]:
    """Return rejects by task, and those of a whole source by its name."""
    reasons: dict[str, Mapping[str, int]] = {}
    for task, artifact in sorted(instances.items()):
        images = load(artifact.store, artifact.manifest["spec"]["inputs"]["images"])
        source = source_name(task)
        if source not in reasons:
            examined = read_examined(images.read(examined_name(images.stats["turns"] - 1)))
            reasons[source] = examined[SOURCE][0].rejected
        reasons[task] = artifact.stats["rejected"]
    return reasons


def _sample(target: Store, record: Record) -> str:
    """Store a small copy of a record's picture; return its name."""
    assert record.places, f"{record.id} is a sample, so its picture goes out"
    with Image.open(io.BytesIO(record.places[0].read())) as opened:
        image = opened.convert("RGB")
    image.thumbnail((LARGEST, LARGEST))
    data = io.BytesIO()
    image.save(data, "PNG")
    name = f"samples/{record.source.name}.png"
    target.create(name, data.getvalue())
    return name
