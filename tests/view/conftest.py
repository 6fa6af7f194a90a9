"""A small store with two runs, and what asks its pages as a browser does."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.exchange.prepared import prepared, write_raw
from tests.plan.recorded import recorded
from tests.tiny import make_tiny
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.store import Store
from vf_ray.view.app import application

TOKEN, PORT = "the token", 8410
TASKS = ("clevr/*", "eurosat/water", "llava_json/*")
Browsing = Callable[[Store], TestClient]


@pytest.fixture(scope="session")
def viewed(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store with a run that has prepared three sources and has a base."""
    below = tmp_path_factory.mktemp("viewed")
    store = Store.open(str(below / "store"))
    plan = prepared(write_raw(below / "raw", TASKS), store, TASKS)
    recorded(store, plan, "first")
    build_model(store, plan.base, make_tiny(below / "model"))
    return store


@pytest.fixture
def browsing() -> Browsing:
    """Return what opens a store's pages with the token in its cookies."""

    def opened(store: Store) -> TestClient:
        client = TestClient(application(store, TOKEN, PORT), base_url=f"http://127.0.0.1:{PORT}")
        assert client.get("/style.css", params={"token": TOKEN}).status_code == 200
        return client

    return opened


@pytest.fixture
def pages(viewed: Store, browsing: Browsing) -> TestClient:
    """Return what asks the pages of the small store."""
    return browsing(viewed)


def build_model(store: Store, spec: Spec, folder: Path) -> None:
    """Store a model's folder as the artifact of a step."""

    def make(writer: Writer) -> dict[str, int]:
        for path in folder.iterdir():
            writer.commit(f"model/{path.name}", path)
        return {}

    build(store, spec, make)
