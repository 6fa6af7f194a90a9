"""Put a file into the store, under the time: ``python -m infra.storage.keep /backup/prefect.dump``."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from vf_ray.store.store import Store

FOLDER = "backups"
"""What ``vf-ray runs prune`` never looks at: it removes artifacts only."""


def keep(file: Path, store: Store, at: datetime) -> str:
    """Store a copy as ``backups/<name>-<time>.<ending>``, never over another one; return its path."""
    path = f"{FOLDER}/{file.stem}-{at:%Y%m%dT%H%M%SZ}{file.suffix}"
    if not store.create_file(path, file):
        raise FileExistsError(f"{store.at(path)} is there already; it was left as it is")
    return path


if __name__ == "__main__":
    print(keep(Path(sys.argv[1]), Store.open(), datetime.now(UTC)))
