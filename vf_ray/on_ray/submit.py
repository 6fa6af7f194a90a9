"""Send one step to a Ray cluster as a job, follow it, and stop it when the caller stops.

Never a Ray Client connection: the job's entrypoint runs on the cluster and calls a bare ``ray.init()``.
Credentials never travel: the dashboard shows a job's environment, so the cluster's own are used.
"""

import json
import os
import shlex
import time
import uuid

from ray.job_submission import JobStatus, JobSubmissionClient

from vf_ray.errors import MendableError, UserError
from vf_ray.on_ray.job import digest
from vf_ray.on_ray.logs import FOLDER
from vf_ray.plan.plan import Plan
from vf_ray.store import Store

ADDRESS = "RAY_API_SERVER_ADDRESS"
DRIVER = "VF_RAY_DRIVER"
"""Names a resource of the head, one of which the driver of each job takes: so many fit into its memory."""
LAST_LINES = 40
POLL_S = 1.0
SILENT_S = 600.0
"""How long a cluster may not answer while a job runs: a dashboard restarts, a port is forwarded anew."""


def submit(step: str, plan: Plan, store: Store, *, force: bool) -> str:
    """Run ``step`` as a Ray job named after it; return the job's id once it has succeeded.

    Raises:
        RuntimeError: if the cluster cannot be reached or the job fails; with the job's last lines.
    """
    recipe = plan.recipe
    client, name = _client(os.environ[ADDRESS]), f"{recipe.name}-{step}-{uuid.uuid4().hex[:8]}"
    job = client.submit_job(
        entrypoint=_entrypoint(step, plan, store, name, force),
        submission_id=name,
        metadata={"job_name": f"{recipe.name}: {step}", "step": step, "recipe": recipe.name},
        entrypoint_resources={os.environ[DRIVER]: 1} if os.environ.get(DRIVER) else None,
    )
    try:
        status = _follow(client, job)
    except SilentError:
        raise
    except BaseException:  # a cancelled flow must not leave its job running
        client.stop_job(job)
        raise
    if status != JobStatus.SUCCEEDED:
        lines = client.get_job_logs(job).splitlines()[-LAST_LINES:]
        where = f"what its nodes logged lies below {store.at(f'{FOLDER}/{name}')}"
        raise UserError(
            "\n".join([f"Ray job {job} ended as {status.value}; {where}; its last lines:", *lines])
        )
    return str(job)


class SilentError(MendableError):
    """A cluster that no longer answers; its job may well go on."""


def _client(address: str) -> JobSubmissionClient:
    try:
        return JobSubmissionClient(address)
    except Exception as error:
        remedy = "is the cluster up, and does RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH hold its token?"
        raise UserError(f"no Ray cluster answers at {ADDRESS}={address} ({error}); {remedy}") from error


def _entrypoint(step: str, plan: Plan, store: Store, logs: str, force: bool) -> str:
    words = ["python", "-m", "vf_ray.on_ray.job", step, "--store", store.url, "--logs", logs]
    words += ["--plan", json.dumps(plan.to_hand()), "--digest", digest(plan.addresses(step))]
    return shlex.join([*words, *(["--force"] if force else [])])


def _follow(client: JobSubmissionClient, job: str) -> JobStatus:
    heard = time.monotonic()
    while True:
        try:
            status = client.get_job_status(job)
        except Exception as error:
            if time.monotonic() - heard > SILENT_S:
                raise SilentError(
                    f"the cluster has not answered for {SILENT_S / 60:.0f} minutes ({error}); job {job} was "
                    "left as it is: the same command goes on from what it finishes"
                ) from error
        else:
            heard = time.monotonic()
            if status.is_terminal():
                return status
        time.sleep(POLL_S)
