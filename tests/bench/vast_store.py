"""A store as large as the paper's data under many runs, written without preparing anything."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from vf_ray.artifacts import Spec
from vf_ray.artifacts.fingerprint import fingerprint, pretty
from vf_ray.recipe.load import load_recipe
from vf_ray.shards.decode import sha256
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import IMAGES, INSTANCES, to_parquet
from vf_ray.shards.write import INDEX
from vf_ray.tasks import declared, source_of

STAMP = {"seconds": 1.0, "attempt": 1, "gpus": 0, "finished": "2026-01-01T00:00:00+00:00", "who": "bench"}
LONG_QUESTION = "Which of the things in the picture is nearest to the one who looks at it? " * 2


def write(root: Path, instances: int, artifacts: int) -> None:
    """Write so many instances of the paper's tasks, and runs that name so many artifacts, all finished."""
    tasks, config = declared().in_paper, load_recipe("demo").flat
    sources = sorted({source_of(task).name for task in tasks})
    per_run, rows = len(tasks) + len(sources), -(-instances // len(tasks))
    image = _image()
    for run in range(-(-artifacts // per_run)):
        last = run == 0  # the newest one has files, the others records of them
        images = {name: Spec(kind="images", name=name, config={"run": run}) for name in sources}
        for spec in images.values():
            _artifact(root, spec, _stored(image, rows) if last else {}, {"images": rows})
        made = [
            Spec(
                kind="instances",
                name=t,
                config={"run": run},
                inputs={"images": images[source_of(t).name].address},
            )
            for t in tasks
        ]
        for spec in made:
            _artifact(root, spec, _rows(spec.name, rows) if last else {}, {
                "train": rows, "held_out": 0, "examined": rows, "rejected": {"picture missing": 3},
            })  # fmt: skip
        addresses = [spec.address for spec in (*images.values(), *made)]
        name, when = f"run-{run:03d}", f"2026-{12 - run // 28:02d}-{28 - run % 28:02d}"
        record = {"id": name, "when": when, "recipe": "vast", "config": config, "raw": "", "code": {}}
        _write(
            root / f"runs/{name}.json",
            json.dumps({**record, "versions": {"prepare": addresses}}).encode(),
        )


def _artifact(root: Path, spec: Spec, files: Mapping[str, bytes], stats: Mapping[str, Any]) -> None:
    folder = root / spec.address
    for name, data in files.items():
        _write(folder / "attempt-1" / name, data)
    records = {name: {"bytes": len(data), "sha256": sha256(data)} for name, data in files.items()}
    content = {"spec": spec.plain(), "files": records, "stats": stats}
    _write(folder / "manifest.json", pretty({**content, "run": STAMP}))
    mark = {"attempt": 1, "files": dict.fromkeys(files, 1), "manifest": fingerprint(content)}
    _write(folder / "COMPLETE", pretty(mark))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _rows(task: str, count: int) -> dict[str, bytes]:
    digests = [[_digest(n)] for n in range(count)]
    columns: dict[str, Any] = {
        "task": [task] * count, "key": [f"list.json:{n}" for n in range(count)], "split": ["train"] * count,
        "shown": digests, "images": [[f"images/{n}.jpg"] for n in range(count)],
        "question": [f"{LONG_QUESTION}{n}" for n in range(count)], "options": [["a", "b"]] * count,
        "answer": ["a"] * count, "prompt": [f"{task}: {LONG_QUESTION}{n}" for n in range(count)],
        "response": ["(a) a"] * count, "further": [[]] * count,
    }  # fmt: skip
    table = pa.table(columns, INSTANCES)
    return {TRAIN: to_parquet(table), HELD_OUT: to_parquet(table.slice(0, 0))}


def _stored(image: bytes, count: int) -> dict[str, bytes]:
    """Return an index of so many images; the first of them lies there."""
    rows = [{"sha256": _digest(n), "file": "pictures-0.bin", "offset": 0, "size": len(image), "width": 64,
             "height": 64, "format": "PNG"} for n in range(count)]  # fmt: skip
    return {INDEX: to_parquet(pa.Table.from_pylist(rows, IMAGES)), "pictures-0.bin": image}


def _digest(number: int) -> str:
    return sha256(_image() if not number else str(number).encode())


def _image() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(sink, "PNG")
    return sink.getvalue()
