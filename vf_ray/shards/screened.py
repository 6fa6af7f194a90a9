"""Images that no instance may show, because a benchmark shows them: the table between the two steps."""

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from vf_ray.artifacts import Artifact
from vf_ray.shards.schema import from_parquet

SCREENED = "screened.parquet"
REASON = "shown by benchmark "
"""How a reject's reason begins; the benchmark's name follows."""
SCHEMA = pa.schema(
    [
        ("sha256", pa.string()),  # of the stored bytes
        ("benchmark", pa.string()),
        ("image", pa.string()),  # as the benchmark names it
        ("question", pa.string()),  # the first one that is asked about it
        ("bits", pa.int16()),  # in which the two perceptual hashes differ; -1: equal content
    ]
)


class Why(NamedTuple):
    """Why an image is kept out."""

    reason: str
    detail: str


def read_screened(artifact: Artifact) -> dict[str, Why]:
    """Return why each image of a source is kept out, by its sha256."""
    rows = from_parquet(artifact.read(SCREENED)).to_pylist()
    return {row["sha256"]: Why(f"{REASON}{row['benchmark']}", _detail(row)) for row in rows}


def _detail(row: Mapping[str, object]) -> str:
    bits = "equal" if row["bits"] == -1 else f"{row['bits']} of 256 bits differ"
    return f"{row['image']}, question {row['question']}: {bits}"


def withheld(verdicts: pa.Table, screened: Mapping[str, Why]) -> pa.Table:
    """Return verdicts on images in which those to be kept out cannot be used."""
    if not screened:
        return verdicts
    why = [screened.get(sha256) for sha256 in verdicts["sha256"].to_pylist()]
    for column in ("reason", "detail"):
        words = [
            getattr(one, column) if one else text
            for one, text in zip(why, verdicts[column].to_pylist(), strict=True)
        ]
        place = verdicts.column_names.index(column)
        verdicts = verdicts.set_column(place, verdicts.schema.field(column), pa.array(words, pa.string()))
    return verdicts
