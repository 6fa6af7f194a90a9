"""Find the model folder that a user names: a folder, an artifact's address, or the newest of a step."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vf_ray import artifacts
from vf_ray.artifacts import MODEL
from vf_ray.plan.named_models import address_of
from vf_ray.store import Store


@contextmanager
def model_folder(name: str, store: Store) -> Iterator[Path]:
    """Give a local Hugging Face folder; what comes from the store is a verified copy that goes away again.

    Raises:
        UserError: if ``name`` is neither a model folder, nor an address, nor a step that has run.
    """
    from vf_ray.model.tensors import CONFIG

    if (Path(name) / CONFIG).is_file():
        yield Path(name)
        return
    model = artifacts.load(store, address_of(name, store))
    with model.at_hand(MODEL) as folder:
        yield folder
