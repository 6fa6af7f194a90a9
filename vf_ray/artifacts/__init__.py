"""Results by address, each built once, whoever is killed.

Read in this order: fingerprint.py, artifact.py, building.py, writer.py, lease.py; prune.py and cost.py look
back.
"""

from vf_ray.artifacts.artifact import (
    RUN,
    Artifact,
    Spec,
    find,
    find_versions,
    finished_among,
    is_finished,
    load,
    load_all,
    progress,
)
from vf_ray.artifacts.building import build
from vf_ray.artifacts.lease import LostLease
from vf_ray.artifacts.paths import MODEL, WORK
from vf_ray.artifacts.writer import Writer

__all__ = [
    "MODEL",
    "RUN",
    "WORK",
    "Artifact",
    "LostLease",
    "Spec",
    "Writer",
    "build",
    "find",
    "find_versions",
    "finished_among",
    "is_finished",
    "load",
    "load_all",
    "progress",
]
