"""Results by address, each built once, whoever is killed.

Read in this order: fingerprint.py, artifact.py, writer.py, lease.py; prune.py and cost.py look back.
"""

from vf_ray.artifacts.artifact import (
    RUN,
    WORK,
    Artifact,
    LostLease,
    Spec,
    Writer,
    build,
    find,
    finished_among,
    load,
    progress,
)

__all__ = [
    "RUN",
    "WORK",
    "Artifact",
    "LostLease",
    "Spec",
    "Writer",
    "build",
    "find",
    "finished_among",
    "load",
    "progress",
]
