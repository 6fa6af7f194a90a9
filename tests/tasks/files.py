"""Bytes of files in publishers' formats."""

import io
from collections.abc import Mapping
from typing import Any


def mat(**variables: Any) -> bytes:
    from scipy.io import savemat

    with io.BytesIO() as data:
        savemat(data, variables)
        return data.getvalue()


def cells(*values: Any) -> Any:
    """Return a MATLAB cell array."""
    import numpy as np

    array = np.empty((len(values), 1), dtype=object)
    array[:, 0] = values
    return array


def structs(*records: dict[str, Any]) -> Any:
    """Return a MATLAB struct array."""
    import numpy as np

    array = np.zeros((len(records), 1), dtype=[(name, object) for name in records[0]])
    for row, record in zip(array, records, strict=True):
        for name, value in record.items():
            row[0][name] = value
    return array


def parquet(columns: Mapping[str, Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with io.BytesIO() as data:
        pq.write_table(pa.table(columns), data, row_group_size=2)
        return data.getvalue()
