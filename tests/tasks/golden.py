"""One instance of every task as a reviewer can read it.

``python -m tests.tasks.golden`` writes the files anew; look at the difference before committing it.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.tasks.tree import write
from tests.tasks.trees import miniature
from vf_ray.instances.refs import image_text
from vf_ray.instances.sample import examine
from vf_ray.raw.tree import RawTree
from vf_ray.tasks import sources
from vf_ray.types import Instance, Source

FOLDER = Path(__file__).parent / "golden"
SEED = 7


def golden(source: Source[Any]) -> str:
    """Return the first instance of each task of the source, one JSON object a line."""
    with tempfile.TemporaryDirectory() as folder:
        tree = RawTree.of(str(write(Path(folder), miniature(source.name))), source.raws)
        first: dict[str, Instance] = {}
        for verdict in examine(source, tree, source.tasks, seed=SEED):
            if isinstance(verdict, Instance):
                first.setdefault(verdict.task, verdict)
    found = [first[task.id] for task in source.tasks if task.id in first or not task.may_be_empty]
    return "".join(json.dumps(_readable(instance), ensure_ascii=False) + "\n" for instance in found)


def _readable(instance: Instance) -> dict[str, Any]:
    return {
        "task": instance.task,
        "key": instance.key,
        "split": instance.split,
        "image": json.loads(image_text(instance.image)),
        "prompt": instance.prompt,
        "response": instance.response,
        **({"further": instance.further} if instance.further else {}),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, declared in sources().items():
        if not name.startswith("demo_"):
            (FOLDER / f"{name}.jsonl").write_text(golden(declared), encoding="utf-8")
