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

from vf_ray.config import Recipe
from vf_ray.on_ray.logs import FOLDER
from vf_ray.store import Store
from vf_ray.strict import plain

ADDRESS = "RAY_API_SERVER_ADDRESS"
LAST_LINES = 40


def submit(step: str, recipe: Recipe, store: Store, *, force: bool) -> str:
    """Run ``step`` as a Ray job named after it; return the job's id once it has succeeded.

    Raises:
        RuntimeError: if the cluster cannot be reached or the job fails; with the job's last lines.
    """
    client, name = _client(os.environ[ADDRESS]), f"{recipe.name}-{step}-{uuid.uuid4().hex[:8]}"
    job = client.submit_job(
        entrypoint=_entrypoint(step, recipe, store, name, force),
        submission_id=name,
        metadata={"job_name": f"{recipe.name}: {step}", "step": step, "recipe": recipe.name},
    )
    try:
        status = _follow(client, job)
    except BaseException:  # a cancelled flow must not leave its job running
        client.stop_job(job)
        raise
    if status != JobStatus.SUCCEEDED:
        lines = client.get_job_logs(job).splitlines()[-LAST_LINES:]
        where = f"what its nodes logged lies below {store.at(f'{FOLDER}/{name}')}"
        raise RuntimeError(
            "\n".join([f"Ray job {job} ended as {status.value}; {where}; its last lines:", *lines])
        )
    return str(job)


def _client(address: str) -> JobSubmissionClient:
    try:
        return JobSubmissionClient(address)
    except Exception as error:
        remedy = "is the cluster up, and does RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH hold its token?"
        raise RuntimeError(f"no Ray cluster answers at {ADDRESS}={address} ({error}); {remedy}") from error


def _entrypoint(step: str, recipe: Recipe, store: Store, logs: str, force: bool) -> str:
    words = ["python", "-m", "vf_ray.on_ray.job", step, "--store", store.url, "--logs", logs]
    words += ["--recipe", json.dumps(plain(recipe)), *(["--force"] if force else [])]
    return shlex.join(words)


def _follow(client: JobSubmissionClient, job: str) -> JobStatus:
    while not (status := client.get_job_status(job)).is_terminal():
        time.sleep(1)
    return status
