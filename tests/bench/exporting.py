"""A prepared dataset of photographs to measure exports with, and one export in a process of its own."""

import json
import sys
from pathlib import Path

from tests.bench.preparing import peak_mb, write_photographs
from tests.exchange.prepared import prepared
from vf_ray.exchange.export import export
from vf_ray.plan.plan import Plan
from vf_ray.store import Store

TASKS = ("llava_json/conversation",)


def ready(root: Path, count: int) -> tuple[Plan, Store, int]:
    """Prepare ``count`` photographs with a conversation each; return plan, store and the pictures' bytes."""
    folder = root / "raw" / "llava_json"
    folder.mkdir(parents=True, exist_ok=True)
    size = sum(path.stat().st_size for path in folder.glob("*.jpg")) or write_photographs(folder, count)
    said = [
        ("human", "<image>\nWhat is it?"),
        ("gpt", "Noise, enlarged."),
        ("human", "Sure?"),
        ("gpt", "Yes."),
    ]
    turns = [{"from": speaker, "value": text} for speaker, text in said]
    records = [{"image": path.name, "conversations": turns} for path in sorted(folder.glob("*.jpg"))]
    (folder / "all.json").write_text(json.dumps(records))
    store = Store.open(str(root / "store"))
    return prepared(root / "raw", store, TASKS), store, size


def main() -> None:
    """Export what lies prepared at a folder, and print by how many MB the process grew beyond its imports."""
    root, count, form, to = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    plan, store, _ = ready(root, count)
    before = peak_mb()
    export(plan.instances, store, Store.open(to), form, name="bench", any_licence=True)
    print(round(peak_mb() - before, 1))


if __name__ == "__main__":
    main()
