"""The entrypoint of a submitted Ray job: one step of one recipe, on the cluster it runs in."""

import argparse
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from vf_ray.errors import UserError, reported
from vf_ray.on_ray.cluster import local_cluster
from vf_ray.on_ray.logs import kept
from vf_ray.on_ray.steps import run
from vf_ray.plan.inputs import question_sets
from vf_ray.plan.own_tables import by_themselves, identity
from vf_ray.plan.plan import Plan
from vf_ray.store import Store


def main() -> None:
    """Run the step that the command line names."""
    parser = argparse.ArgumentParser(description="run one step of a recipe inside a Ray job")
    parser.add_argument("step")
    parser.add_argument("--plan", required=True, help="the caller's plan as JSON")
    parser.add_argument("--store", required=True)
    parser.add_argument("--digest", required=True, help="of the addresses that the caller expects")
    parser.add_argument("--logs", required=True, help="the folder below logs/ for what Ray's nodes log")
    parser.add_argument("--force", action="store_true")
    arguments = parser.parse_args()
    with reported():
        _run(arguments)


def _run(arguments: argparse.Namespace) -> None:
    plan, store = Plan.handed(json.loads(arguments.plan)), Store.open(arguments.store)
    refuse_other_plan(arguments.step, plan, arguments.digest)
    with local_cluster(plan.recipe.resources), kept(store, arguments.logs):
        refuse_private_disk(store)
        refuse_other_files(arguments.step, plan)
        run(arguments.step, plan, store, force=arguments.force)


def digest(addresses: Sequence[str]) -> str:
    """Return what tells one list of addresses from another."""
    return hashlib.sha256("\n".join(addresses).encode()).hexdigest()[:16]


def refuse_other_plan(step: str, plan: Plan, expected: str) -> None:
    """Refuse a step whose results would have other addresses than the caller looks for.

    Raises:
        RuntimeError: naming what may differ.
    """
    if digest(plan.addresses(step)) != expected:
        raise UserError(
            f"step {step!r} of recipe {plan.recipe.name!r} is another one on this cluster than where it was "
            "asked for: the image holds another version of vf-ray; give both the same"
        )


def refuse_other_files(step: str, plan: Plan) -> None:
    """Refuse files that are not those of the plan, where a path may mean others here than for the caller.

    A bucket is the same wherever one looks from, so it is not listed again.

    Raises:
        RuntimeError: naming the key of the recipe that leads to them.
    """
    prepare, evaluate = plan.recipe.prepare, plan.recipe.evaluate
    raws = {f"tables.{name}.folder": table.folder or name for name, table in by_themselves(prepare).items()}
    looks: Mapping[str, tuple[Mapping[str, str], Callable[[], bool]]] = {
        "prepare": (
            {"prepare.raw": prepare.raw, **{f"prepare.{key}": url for key, url in raws.items()}},
            lambda: identity(plan.recipe)[:2] == (plan.raw, plan.given),
        ),
        "evaluate": (
            {"evaluate.data": evaluate.data},
            lambda: question_sets(evaluate, plan.recipe.other_benchmarks) == plan.question_sets,
        ),
    }
    stage = plan.stage(step)
    read = "evaluate" if stage and stage.evaluate_benchmarks else step
    urls, same = looks.get(read, ({}, lambda: True))
    local = {key: url for key, url in urls.items() if url and Store.open(url).local_path("") is not None}
    if local and not same():
        listed = ", ".join(f"{key} ({url})" for key, url in local.items())
        raise UserError(
            f"step {step!r}: {listed} is a relative path or holds other files on this cluster than "
            "where the step was asked for; name a bucket, or a folder that every machine mounts at this path"
        )


def refuse_private_disk(store: Store) -> None:
    """Refuse a ``file://`` store unless every node of the cluster reads the same files through it.

    Raises:
        RuntimeError: naming the nodes that do not.
    """
    if (folder := store.local_path("")) is None:
        return
    probe, token = f"probe-{uuid.uuid4().hex}", uuid.uuid4().hex.encode()
    store.create(probe, token)
    try:
        nodes = [node for node in ray.nodes() if node["Alive"]]
        seen = ray.get([_read_on(node["NodeID"]).remote(str(folder / probe)) for node in nodes])
    finally:
        store.delete(probe)
    pairs = zip(nodes, seen, strict=True)
    blind = [node["NodeManagerHostname"] for node, content in pairs if content != token]
    if blind:
        raise UserError(
            f"store {store.url} is not the same folder on {', '.join(blind)}; "
            "use an s3:// store, or a folder that every node mounts at this path"
        )


def _read(path: str) -> bytes | None:
    return Path(path).read_bytes() if Path(path).is_file() else None


def _read_on(node: str) -> Any:
    """Return the remote function that reads a file on the node."""
    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(_read).options(num_cpus=0, scheduling_strategy=there)


if __name__ == "__main__":
    main()
