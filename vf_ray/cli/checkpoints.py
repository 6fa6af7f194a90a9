"""Find the model folder that a user names: a folder, an artifact's address, or the newest of a step."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vf_ray import artifacts
from vf_ray.errors import UserError
from vf_ray.plan import run_records
from vf_ray.plan.plan import TUNED
from vf_ray.store import Store

MODELS = ("base", *TUNED)
PREFIX = "model/"
"""Where a Hugging Face folder lies inside an artifact."""


@contextmanager
def model_folder(name: str, store: Store) -> Iterator[Path]:
    """Give a local Hugging Face folder; what comes from the store is a verified copy that goes away again.

    Raises:
        ValueError: if ``name`` is neither a model folder, nor an address, nor a step that has run.
    """
    if (Path(name) / "config.json").is_file():
        yield Path(name)
        return
    found = artifacts.load(store, address_of(name, store))
    with tempfile.TemporaryDirectory(prefix="vf-ray-model-") as scratch:
        yield found.download(Path(scratch), PREFIX)


def address_of(name: str, store: Store) -> str:
    """Return the address of a model: ``name`` itself, or the newest finished one of a step (``stage2``)."""
    step, _, recipe = name.partition("/")
    if step in MODELS and store.exists(f"{name}/COMPLETE"):
        return name
    for run in run_records.listed(store) if step in MODELS else ():
        addresses = run["versions"].get(step, []) if recipe in ("", run["recipe"]) else []
        if addresses and store.exists(f"{addresses[-1]}/COMPLETE"):
            return str(addresses[-1])
    raise UserError(
        f"no model {name!r}: it is no folder with a config.json, and {store.url} has no finished one of that "
        f"name; name a folder, an address such as stage2/demo/0123456789ab, or a step: {', '.join(MODELS)}"
    )
