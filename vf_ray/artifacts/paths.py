"""Where things lie inside an artifact's folder."""

COMPLETE = "COMPLETE"
"""The file that is written last; without it nothing reads an artifact."""
MANIFEST = "manifest.json"
STATS = "stats.json"
WORK = "work/"
"""Names below this hold what only the build itself needs, such as checkpoints: they survive a kill,
are left out of the manifest and go once the artifact is complete."""
MODEL = "model/"
"""Names below this are a model's, as ``from_pretrained`` of transformers reads it."""
ATTEMPT = "attempt-"
"""What the folder of one attempt's data is called, before its number."""
LEASES, HEARTBEATS = "lease", "heartbeat"
DONE, REJECTED, PROGRESS, NESTED = "done", "rejected", "progress", "nested"


def mark_of(address: str) -> str:
    """Return the path of the mark that an artifact is finished."""
    return f"{address}/{COMPLETE}"


def manifest_of(address: str) -> str:
    """Return where specification, checksums and statistics lie."""
    return f"{address}/{MANIFEST}"


def data_of(address: str, attempt: int, name: str) -> str:
    """Return where an attempt keeps a data file."""
    return f"{address}/{ATTEMPT}{attempt}/{name}"


def done_of(address: str, name: str) -> str:
    """Return where it stands that a data file is finished, with its checksum."""
    return f"{address}/{DONE}/{name}.json"


def rejects_of(address: str, name: str) -> str:
    """Return where the records that were left out are listed."""
    return f"{address}/{REJECTED}/{name}.jsonl"


def progress_of(address: str, attempt: int) -> str:
    """Return where an attempt says how far it is."""
    return f"{address}/{PROGRESS}/{attempt}.json"


def nested_of(address: str, name: str) -> str:
    """Return where it stands that another artifact was built within this one's build."""
    return f"{address}/{NESTED}/{name}"


def lease_of(address: str, attempt: int) -> str:
    """Return where an attempt's owner is named."""
    return f"{address}/{LEASES}/{attempt}"


def heartbeat_of(address: str, attempt: int) -> str:
    """Return where an attempt's owner shows that it lives."""
    return f"{address}/{HEARTBEATS}/{attempt}"
