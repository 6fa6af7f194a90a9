"""What a Ray cluster says of itself over HTTP: whether it answers, whether it knows us, what it has.

Asked without Ray, so that a check costs no start and a wrong token is told apart from a dead cluster.
"""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from vf_ray.errors import MendableError, require
from vf_ray.on_ray.cluster_variables import API_SERVER, MOST_GPUS, TOKEN, TOKEN_PATH
from vf_ray.recipe.recipe import Resources
from vf_ray.store import web

TIMEOUT_S = 5.0


class ClusterError(MendableError):
    """A cluster that does not answer as it should; the message ends with what to do."""


class RefusedError(ClusterError):
    """A cluster that does not accept our token."""


@dataclass(frozen=True)
class Dashboard:
    """A Ray cluster's HTTP interface."""

    address: str
    """``http://host:8265``."""

    @classmethod
    def from_environment(cls) -> "Dashboard | None":
        """Return the cluster that steps are submitted to, or None where they run on a local Ray."""
        address = os.environ.get(API_SERVER, "")
        return cls(address.rstrip("/")) if address else None

    def version(self) -> str:
        """Return the cluster's Ray version.

        Raises:
            ClusterError: if no cluster answers, or not to us.
        """
        return str(self._get("/api/version")["ray_version"])

    def resources(self) -> Mapping[str, float]:
        """Return what the cluster's living nodes have together: ``CPU``, ``GPU``, ``memory`` in bytes ..."""
        nodes = self._get("/api/v0/nodes?detail=1&limit=10000")["data"]["result"]["result"]
        total: Counter[str] = Counter()
        for node in (node for node in nodes if node["state"] == "ALIVE"):
            total.update(node["resources_total"])
        return dict(total)

    def room_for(self, wanted: Resources) -> int:
        """Return how many runs that want so much fit the cluster side by side, grown as far as it may."""
        there = self.resources()
        if wanted.gpus_per_worker:
            gpus = max(int(there.get("GPU", 0)), most_gpus())
            return gpus // (wanted.workers * wanted.gpus_per_worker)
        return int(there.get("CPU", 0) // (wanted.workers * wanted.cpus_per_worker))

    def disk_free(self) -> Mapping[str, int]:
        """Return the bytes free on each living node: at its root or in Ray's folder, where there are more."""
        nodes = self._get("/nodes?view=summary")["data"]["summary"]
        return {
            node["hostname"]: max(disk["free"] for disk in node["disk"].values())
            for node in nodes
            if node.get("disk") and node["raylet"]["state"] == "ALIVE"
        }

    def _get(self, path: str) -> Any:
        reply = self.ask("GET", path)
        if not reply.is_success:
            raise ClusterError(
                f"{reply.url} answers {reply.status_code}; is a Ray dashboard at {API_SERVER}?"
            )
        return reply.json()

    def ask(
        self, method: str, path: str, *, timeout_s: float = TIMEOUT_S, body: Any = None,
        content: bytes | None = None,
    ) -> httpx.Response:  # fmt: skip
        """Return the cluster's answer, whatever it says, to a ``body`` that is JSON, or to bytes.

        Raises:
            ClusterError: if there is none.
            RefusedError: if it does not accept our token.
        """
        url = f"{self.address}{path}"
        try:
            with web.client(url, headers=web.bearer(token()), timeout=timeout_s) as client:
                reply = client.request(method, url, json=body, content=content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ClusterError(
                f"nothing answers at {url} ({str(error) or type(error).__name__}{web.through(url)}); start "
                "the cluster (`make up`, or the RayCluster of infra/kubernetes), or unset "
                f"{API_SERVER} to use a local Ray"
            ) from error
        if reply.status_code in (401, 403):
            reason = "the token is not the cluster's" if token() else "no token was found here"
            raise RefusedError(
                f"{url} answers {reply.status_code}: {reason}; set {TOKEN}, or {TOKEN_PATH} to "
                "the file that holds the cluster's token (after `make up`: . .vf-ray/up/env)"
            )
        return reply


def most_gpus() -> int:
    """Return how many GPUs the cluster may grow to, as far as anybody said.

    Raises:
        ValueError: for what is no number.
    """
    text = os.environ.get(MOST_GPUS) or "0"
    require(text.strip().isdecimal(), f"{MOST_GPUS} is {text!r}; it must be a number of GPUs")
    return int(text)


def token() -> str:
    """Return the token that Ray's own clients would send: of the variable, the named file, or the home.

    Raises:
        UserError: if it holds what no token may; it is not repeated.
    """
    if bearer := os.environ.get(TOKEN):
        return web.fit(TOKEN, bearer)
    named = os.environ.get(TOKEN_PATH)
    file = Path(named) if named else Path.home() / ".ray" / "auth_token"
    return web.fit(str(file), file.read_text(encoding="utf-8")) if file.is_file() else ""
