"""Send one step to a Ray cluster as a job, follow it, and stop it when the caller stops.

Never a Ray Client connection: the job's entrypoint runs on the cluster and calls a bare ``ray.init()``.
Credentials never travel: the dashboard shows a job's environment, so the cluster's own are used.
"""

import json
import logging
import os
import shlex
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vf_ray.errors import MendableError, UserError
from vf_ray.extensions import shipped
from vf_ray.on_ray.cluster_variables import API_SERVER, DRIVER
from vf_ray.on_ray.dashboard import ClusterError, Dashboard, RefusedError
from vf_ray.on_ray.job import digest
from vf_ray.on_ray.jobs import GoneError, Jobs, JobStatus, RejectedError
from vf_ray.on_ray.logs import FOLDER
from vf_ray.plan.plan import Plan
from vf_ray.store import Store

LAST_LINES = 40
POLL_S = 1.0
SUBMIT_S = 120.0
"""How long a cluster may be unable to take a job: its head has just started."""
SAID_S = 30.0
"""After how long silence is said."""
SILENT_S = 600.0
"""How long a cluster may not answer while a job runs: a dashboard restarts, a port is forwarded anew."""
WAITING_S = 60.0
"""After how long it is said that a job has not started; and again whenever Ray gives another reason."""
SPEECHLESS = "Ray does not say why"

log = logging.getLogger(__name__)
Tell = Callable[[str], None]


class SilentError(MendableError):
    """A cluster that no longer answers; its job may well go on."""


def submit(step: str, plan: Plan, store: Store, *, force: bool, tell: Tell = log.warning) -> str:
    """Run ``step`` as a Ray job named after it; return the job's id once it has succeeded.

    ``tell`` is given what a person should know meanwhile.

    Raises:
        ClusterError: if the cluster cannot be reached, or does not take the job, or knows it no more.
        SilentError: if the cluster has not answered for ten minutes.
        UserError: if the job fails; with what Ray says of it and its last lines.
    """
    recipe = plan.recipe
    jobs = Jobs(Dashboard(os.environ[API_SERVER].rstrip("/")))
    jobs.cluster.version()
    name = f"{recipe.name}-{step}-{uuid.uuid4().hex[:8]}"
    body = {
        **_extensions(jobs),
        "submission_id": name,
        "entrypoint": _entrypoint(step, plan, store, name, force),
        "metadata": {"job_name": f"{recipe.name}: {step}", "step": step, "recipe": recipe.name},
        **({"entrypoint_resources": {os.environ[DRIVER]: 1}} if os.environ.get(DRIVER) else {}),
    }
    try:
        _send(jobs, body, tell)
        job = _Followed(jobs, name, tell).to_its_end()
    except (SilentError, GoneError, RejectedError, RefusedError):
        raise
    except BaseException as error:  # a cancelled flow must not leave its job running
        _stop(jobs, name, error, tell)
        raise
    if job.status != "SUCCEEDED":
        raise UserError(
            f"Ray job {name} ended as {job.status}: {job.message or SPEECHLESS}; what its nodes logged lies "
            f"below {store.at(f'{FOLDER}/{name}')}{_last_lines(jobs, name)}"
        )
    return name


def _extensions(jobs: Jobs) -> dict[str, Any]:
    """Send the folders of extensions to the cluster; return what makes a job and its workers find them."""
    if not (archives := shipped.packed()):
        return {}
    addresses = [jobs.send_package(name, data) for name, data in archives.items()]
    return {"runtime_env": {"py_modules": addresses, "env_vars": dict(shipped.environment())}}


def _entrypoint(step: str, plan: Plan, store: Store, logs: str, force: bool) -> str:
    words = ["python", "-m", "vf_ray.on_ray.job", step, "--store", store.url, "--logs", logs]
    words += ["--plan", json.dumps(plan.to_hand()), "--digest", digest(plan.addresses(step))]
    return shlex.join([*words, *(["--force"] if force else [])])


def _send(jobs: Jobs, body: Mapping[str, Any], tell: Tell) -> None:
    """Submit until the cluster takes it: under one name, however often, it is one job."""
    end = time.monotonic() + SUBMIT_S
    while True:
        try:
            return jobs.submit(body)
        except (RejectedError, RefusedError):
            raise
        except ClusterError as error:
            if time.monotonic() > end:
                raise
            tell(f"{error}; trying again")
        time.sleep(POLL_S)


def _stop(jobs: Jobs, name: str, error: BaseException, tell: Tell) -> None:
    """Stop a job; that this fails does not hide why it was to be."""
    try:
        jobs.stop(name)
    except GoneError:
        return  # it never began
    except ClusterError as failed:
        warning = f"Ray job {name} could not be stopped and may go on: {failed}"
        error.add_note(warning)
        tell(warning)


def _last_lines(jobs: Jobs, name: str) -> str:
    try:
        lines = jobs.log(name).splitlines()[-LAST_LINES:]
    except ClusterError as error:
        return f"; its own output cannot be had: {error}"
    return "\n".join(["; its last lines:", *lines])


@dataclass
class _Followed:
    """A job that is watched, and what has been said about it."""

    jobs: Jobs
    name: str
    tell: Tell
    heard: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.monotonic)
    silent: bool = False
    reason: str = ""

    def to_its_end(self) -> JobStatus:
        """Return how the job ended.

        Raises:
            GoneError: if the cluster does not know it any more.
            SilentError: if the cluster has been silent for too long.
        """
        while True:
            try:
                job = self.jobs.find(self.name)
            except GoneError as error:
                raise self._gone() from error
            except RefusedError:
                raise
            except ClusterError as error:
                self._unheard(error)
            else:
                self._answered(job)
                if job.ended:
                    return job
            time.sleep(POLL_S)

    def _gone(self) -> GoneError:
        return GoneError(
            f"the cluster at {self.jobs.cluster.address} knows no job {self.name} any more: its head was "
            "replaced while the job ran, which ended with it; the same command goes on from what is finished"
        )

    def _unheard(self, error: ClusterError) -> None:
        silence = time.monotonic() - self.heard
        if silence > SILENT_S:
            raise SilentError(
                f"the cluster has not answered for {SILENT_S / 60:.0f} minutes ({error}); job {self.name} "
                "was left as it is: the same command goes on from what it finishes"
            ) from error
        if silence > SAID_S and not self.silent:
            self.silent = True
            self.tell(
                f"the cluster has not answered for {silence:.0f} s ({error}); job {self.name} may go on, "
                f"so it is waited for, {SILENT_S / 60:.0f} minutes in all; if the head has died, start it "
                "again, and this ends"
            )

    def _answered(self, job: JobStatus) -> None:
        if self.silent:
            self.tell(f"the cluster answers again; job {self.name} is {job.status}")
        self.heard, self.silent = time.monotonic(), False
        if job.status == "PENDING" and job.message != self.reason and self.heard - self.since > WAITING_S:
            self.reason = job.message
            self.tell(f"job {self.name} has not started yet: {job.message or SPEECHLESS}")
