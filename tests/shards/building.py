"""Images and instances of invented sources, and what a plain loop would make of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.shards.synthetic import Here, files
from vf_ray.artifacts import Artifact, Spec
from vf_ray.instances.chance import rank
from vf_ray.instances.refs import image_text, place
from vf_ray.instances.sample import chance_of, examine
from vf_ray.plan.origins import Origin
from vf_ray.shards.build import build_images, build_instances
from vf_ray.shards.decode import BadImageError, StoredImage, sha256
from vf_ray.shards.drawing import image
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import INSTANCES, from_parquet
from vf_ray.store import Store
from vf_ray.types import Instance

TASKS = tuple(f"invented/{name}" for name in ("choose", "odd", "pooled", "drawn", "silent"))
BAD = (2, 3, 11)
TREE = files(25, bad=BAD, twins={7: 8, 20: 1})
Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def spec(cap: int, seed: int = 0) -> Spec:
    config = {"seed": seed, "cap": cap, "largest_side": 1024, "tasks": list(TASKS)}
    return Spec(kind="images", name="invented", config=config)


def images_of(folder: Path, origin: Origin, cap: int = 40, **options: Any) -> Artifact:
    return build_images(Store.open(str(folder)), spec(cap), origin, **options)


def instances_of(images: Artifact, origin: Here, task: str, held_out: float = 0.2) -> Artifact:
    config = {"cap": images.manifest["spec"]["config"]["cap"], "held_out": held_out}
    made = Spec(kind="instances", name=task, config=config, inputs={"images": images.address})
    return build_instances(images.store, made, images, origin)


def tables(images: Artifact, origin: Here) -> Tables:
    """Return every task's instances, train then held out."""
    made = {task: instances_of(images, origin, task) for task in TASKS}
    return {
        f"{task}:{name}": from_parquet(artifact.read(name)).to_pylist()
        for task, artifact in made.items()
        for name in (TRAIN, HELD_OUT)
    }


def expected(origin: Here, cap: int, held_out: float = 0.2) -> Tables:
    """Return the same by the plainest means: everything in memory, every picture drawn."""
    verdicts = examine(origin.source(), origin.tree(), origin.source().tasks, seed=0, splits=("train",))
    every = [v for v in verdicts if isinstance(v, Instance)]
    found: dict[str, list[Mapping[str, Any]]] = {}
    for task in TASKS:
        mine = sorted((v for v in every if v.task == task), key=lambda v: rank("0", v.task, v.key))
        usable = [(v, seen) for v in mine if (seen := look(origin, v)) is not None][:cap]
        usable.sort(key=lambda pair: (place(image_text(pair[0].image)), rank("0", task, pair[0].key)))
        for name, wanted in ((TRAIN, False), (HELD_OUT, True)):
            split = [p for p in usable if any(chance_of(r) < held_out * 2**64 for r in p[1].raws) == wanted]
            found[f"{task}:{name}"] = [line(instance, seen) for instance, seen in split]
    return found


def look(origin: Here, instance: Instance) -> StoredImage | None:
    try:
        return image(instance.image, origin.tree().read, 1024)
    except BadImageError:
        return None


def line(instance: Instance, seen: StoredImage) -> Mapping[str, Any]:
    values = {name: getattr(instance, name, None) for name in INSTANCES.names}
    if instance.image is None or isinstance(instance.image, str):
        images = [instance.image] if instance.image else []
    else:
        images = list(getattr(instance.image, "paths", ())) or [instance.image.path]  # type: ignore[union-attr]
    lists = {name: list(getattr(instance, name)) for name in ("options", "further")}
    shown = [sha256(seen.data)] if seen.data else []
    return {**values, **lists, "shown": shown, "images": images}
