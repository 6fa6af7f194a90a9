"""What a recipe names as a model or a part of one, brought to this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from vf_ray import artifacts
from vf_ray.artifacts import MODEL
from vf_ray.errors import MissingError
from vf_ray.instances.chance import rank
from vf_ray.recipe.graph import is_model_address
from vf_ray.store import Store
from vf_ray.store.scratch import require_room
from vf_ray.store.shared_scratch import shared_scratch


def fetcher(folder: Path, models: Store | None = None) -> Callable[[str], Path]:
    """Return what brings a path, ``file://`` or ``s3://`` URL to this machine; downloads go to ``folder``.

    So does a copy, checksums verified, of a model that is named by its address in the store ``models``.
    """

    @cache
    def fetch(url: str) -> Path:
        if models and is_model_address(url):
            return artifacts.load(models, url).download(folder / f"{rank(url):x}", MODEL)
        # a folder of this machine is used where it lies
        store = Store.open(url)
        local = store.local_path("")
        if local is not None:
            if not local.exists():
                raise MissingError(f"{url}: no such file or folder; the recipe's base names it")
            return local
        # a bucket's folder, or one file of it
        below = folder / f"{rank(url):x}"
        for name in store.list():
            store.download(name, below / name)
        return below if below.exists() else _fetch_file(url, below)

    return fetch


@contextmanager
def folder_at_hand(url: str) -> Iterator[Path]:
    """Give the folder that a URL names; one of a bucket as a copy that all processes of this machine share.

    Raises:
        UserError: if there is no room for it.
    """
    store = Store.open(url)
    if store.local_path("") is not None:
        yield fetcher(Path())(url)
        return
    with shared_scratch(url, partial(_copy, store)) as folder:
        yield folder


def _copy(store: Store, folder: Path) -> None:
    sizes = store.sizes()
    if not sizes:
        raise MissingError(f"{store.url}: there is nothing below this address")
    require_room(folder, sum(sizes.values()), f"the files of {store.url}")
    for name in sorted(sizes):
        store.download(name, folder / name)


def _fetch_file(url: str, below: Path) -> Path:
    parent, _, name = url.rpartition("/")
    Store.open(parent).download(name, below / name)
    return below / name
