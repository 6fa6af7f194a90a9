"""What tests share: one S3 server and one Ray for the whole run, each started by its first user.

`make test` has two processes, each with a server and a Ray of its own. A module stays whole, for the sake of
its fixtures; the longest come first, lest one of the two be left with them.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.s3_server import BUCKET, S3Server, s3_server
from vf_ray.recipe import Resources
from vf_ray.store import Store

ONE_OF_TWO = "PYTEST_XDIST_WORKER" in os.environ
settings.register_profile("local", deadline=None)  # that a machine is busy is no fault of an example
settings.register_profile("make test", deadline=None, derandomize=True)  # nor that its turn has come
settings.load_profile("make test" if ONE_OF_TWO else "local")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # before torch is imported: as training runs on a laptop
if ONE_OF_TWO:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # with two each they would wait for each other


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that hold tests of the chain, and of these with the flows."""
    chain = {item.path for item in items if item.get_closest_marker("chain")}
    items.sort(key=lambda item: (item.path not in chain, item.path.parent.name != "flows"))


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Serve S3 on loopback, with the AWS variables set to it for every later process."""
    kept = dict(os.environ)
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        os.environ.update(server.environment)
        yield server
    for name in server.environment:
        os.environ.pop(name)
    os.environ.update(kept)


@pytest.fixture(scope="session")
def s3_store_url(s3: S3Server) -> str:
    """Return the URL of a store on the S3 server, shared by the whole run."""
    return f"s3://{BUCKET}/store"


@pytest.fixture
def local_store(tmp_path: Path) -> Store:
    """Return an empty store in a folder."""
    return Store.open(str(tmp_path / "store"))


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.chain)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store: in a folder, then (marked chain) on the S3 server."""
    if request.param == "folder":
        return Store.open(str(tmp_path / "store"))
    return Store.open(f"{request.getfixturevalue('s3_store_url')}-{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def ray_cluster(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Start the run's one Ray; after the S3 server, whose variables its workers inherit."""
    from vf_ray.on_ray.cluster import local_cluster

    os.environ["RAY_AUTH_TOKEN_PATH"] = str(tmp_path_factory.mktemp("ray") / "token")
    with local_cluster(Resources()):
        yield
    del os.environ["RAY_AUTH_TOKEN_PATH"]
