"""Tables of somebody's own in miniature: the same records in every form, and what is read of them."""

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.tasks.tree import json_lines, picture, write
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.recipe.own_table import OwnTable
from vf_ray.sources.images import image_bytes
from vf_ray.tasks.tables import table_source
from vf_ray.types import Instance, Reject, Several

ONE, TWO = picture(1), picture(2, "png")
BASE64 = base64.b64encode(ONE).decode()
FILES = {"charts/img/1.jpg": ONE, "charts/img/2.png": TWO}


def parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a file of rows; of turns, some of which are lists of parts, all are."""
    rows = deepcopy(list(rows))
    for turn in (turn for row in rows for turn in row.get("messages", ())):
        said = turn["content"]
        turn["content"] = [{"type": "text", "text": said}] if isinstance(said, str) else said
    with io.BytesIO() as data:
        pq.write_table(pa.Table.from_pylist(rows), data, row_group_size=2)
        return data.getvalue()


def table_of_text(rows: Sequence[Mapping[str, Any]]) -> str:
    with io.StringIO() as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        plain = (list, dict)
        writer.writerows(
            {k: json.dumps(v) if isinstance(v, plain) else v for k, v in r.items()} for r in rows
        )
        return out.getvalue()


FORMS: Mapping[str, Any] = {
    "parquet": parquet, "jsonl": lambda rows: json_lines(*rows), "json": list, "csv": table_of_text,
}  # fmt: skip


def verdicts(root: Path, name: str, data: Any, table: Mapping[str, Any]) -> list[Instance | Reject]:
    write(root, {f"charts/{name}": data, **FILES})
    source = table_source("charts", OwnTable(**{"files": name, **table}))
    tree = RawTree.of(str(root), source.raws)
    return list(examine(source, tree, source.tasks, seed=0))


def shown(root: Path, instance: Instance | Reject) -> list[bytes]:
    assert isinstance(instance, Instance), instance
    tree = RawTree.of(str(root), table_source("charts", OwnTable(files="*")).raws)
    images = instance.image.images if isinstance(instance.image, Several) else (instance.image,)
    return [image_bytes(tree, path) for path in images if isinstance(path, str)]


def asked(*cells: Any) -> list[dict[str, Any]]:
    return [{"img": cell, "q": f"Number {n}?", "a": f"{n}."} for n, cell in enumerate(cells)]
