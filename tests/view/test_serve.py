"""What ``vf-ray view`` refuses before it listens, in one line each."""

import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from vf_ray.cli import app
from vf_ray.store import Store


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "0.0.0.0", "--no-token"], "--host 0.0.0.0 lets others in; leave the token on"),
        (["--host", "::", "--no-token"], "--host :: lets others in"),
        (["--served", "http://somewhere"], "expected NAME@URL"),
        (["--served", "llava@somewhere"], "expected http:// or https://"),
    ],
)
def test_what_would_let_others_in_or_cannot_be_asked_is_refused(
    viewed: Store, words: list[str], told: str
) -> None:
    done = CliRunner().invoke(app, ["view", viewed.url, "--port", "0", *words])
    assert (done.exit_code, told in " ".join(done.stderr.split())) == (1, True)


def test_a_store_that_is_not_there_is_named(local_store: Store) -> None:
    done = CliRunner().invoke(app, ["view", local_store.url])
    assert (done.exit_code, "there is no store" in done.stderr) == (1, True)


def test_a_port_that_is_taken_is_named(viewed: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["view", viewed.url, "--port", str(port)])
    assert (done.exit_code, f"127.0.0.1:{port}: nothing can listen there" in done.stderr) == (1, True)


def test_pages_load_nothing_heavy_before_a_model_is_asked() -> None:
    heavy = "{'torch', 'transformers', 'ray', 'prefect', 'deepspeed', 'pandas', 'scipy'}"
    code = f"import vf_ray.view.app, vf_ray.view.serve, sys; print({heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
