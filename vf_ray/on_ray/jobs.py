"""The jobs of a Ray cluster over its HTTP interface: send one, ask after it, stop it.

Not Ray's own client: that waits for an answer without end, and goes to this machine through a proxy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from vf_ray.on_ray.dashboard import ClusterError, Dashboard

TIMEOUT_S = 30.0
PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
"""With those from 500 on: what may be answered otherwise in a moment."""
TERMINAL = ("SUCCEEDED", "FAILED", "STOPPED")


class RejectedError(ClusterError):
    """A cluster that would say the same however often it was asked."""


class GoneError(ClusterError):
    """A job that the cluster does not know: its head was replaced by one that knows nothing of it."""


@dataclass(frozen=True)
class JobStatus:
    """Where a job stands."""

    status: str
    """``PENDING``, ``RUNNING``, or one of ``TERMINAL``."""
    message: str
    """Ray's own words about it."""

    @property
    def ended(self) -> bool:
        return self.status in TERMINAL


@dataclass(frozen=True)
class Jobs:
    """The jobs of one cluster."""

    cluster: Dashboard
    timeout_s: float = field(default=TIMEOUT_S, compare=False)

    def submit(self, body: Mapping[str, Any]) -> None:
        """Send a job; ``submission_id`` is a name of its own, so sent again it stays one job.

        Raises:
            RejectedError: if the cluster will not take it.
            ClusterError: if it cannot, for now.
        """
        answer = self._ask("POST", "", dict(body))
        if not (answer.is_success or "already exists" in answer.text):
            raise _refusal(answer)

    def send_package(self, name: str, data: bytes) -> str:
        """Store a zip of code in the cluster, unless it has one of this name; return its address there.

        Raises:
            ClusterError: if the cluster does not take it.
        """
        package = f"_ray_pkg_{name}"
        path = f"/api/packages/gcs/{package}"
        if not self.cluster.ask("GET", path, timeout_s=self.timeout_s).is_success:
            answer = self.cluster.ask("PUT", path, timeout_s=self.timeout_s, content=data)
            if not answer.is_success:
                raise _refusal(answer)
        return f"gcs://{package}"

    def find(self, name: str) -> JobStatus:
        """Return where a job stands.

        Raises:
            GoneError: if the cluster does not know it.
            ClusterError: if it does not answer as it should.
        """
        status = self._answered("GET", name)
        return JobStatus(str(status.get("status")), " ".join(str(status.get("message") or "").split()))

    def log(self, name: str) -> str:
        """Return what a job has printed."""
        return str(self._answered("GET", f"{name}/logs").get("logs", ""))

    def stop(self, name: str) -> None:
        """Ask the cluster to end a job."""
        self._answered("POST", f"{name}/stop")

    def _answered(self, method: str, path: str) -> Mapping[str, Any]:
        answer = self._ask(method, path)
        if answer.status_code == HTTPStatus.NOT_FOUND and "does not exist" in answer.text:
            raise GoneError(answer.text.strip())
        if not answer.is_success:
            raise _refusal(answer)
        try:
            values: Mapping[str, Any] = dict(answer.json())
        except (ValueError, TypeError) as error:  # whatever else was put at that address
            raise ClusterError(f"{answer.url} answers what is no JSON: {answer.text[:100]!r}") from error
        return values

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.cluster.ask(method, f"/api/jobs/{path}", timeout_s=self.timeout_s, body=body)


def _refusal(answer: httpx.Response) -> ClusterError:
    words = " ".join(answer.text.strip().splitlines()[-1:])  # of a traceback, what it is about
    passes = answer.is_server_error or answer.status_code in PASSING
    return (ClusterError if passes else RejectedError)(
        f"{answer.url} answers {answer.status_code}: {words[:300]}"
    )
