"""The base step: one model's folder, assembled where a pool has room for it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import MODEL, Artifact, Spec, Writer, load_all
from vf_ray.model.families import encoder_of, family_of_base
from vf_ray.model.fetcher import fetcher
from vf_ray.recipe import Base
from vf_ray.store import Store
from vf_ray.store.scratch import scratch
from vf_ray.work import WorkPool


def build_base(
    store: Store, spec: Spec, base: Base, seed: int, instances: Mapping[str, Spec], pool: WorkPool, *,
    force: bool = False,
) -> Artifact:  # fmt: skip
    """Return the assembled model, a tokenizer trained on the prepared text included where none is given.

    Of ``instances``, by task, those are read that are inputs of ``spec``.

    Raises:
        FileNotFoundError: if the prepared text is needed and not finished, or a part's URL names nothing.
    """
    texts = load_all(store, {task: instances[task] for task in instances if task in spec.inputs})

    def make(writer: Writer) -> Mapping[str, Any]:
        return pool.call(make_base, writer, base, seed, texts)

    return artifacts.build(store, spec, make, force=force)


def make_base(writer: Writer, base: Base, seed: int, sources: Mapping[str, Artifact]) -> Mapping[str, Any]:
    """Assemble the model in a scratch folder and commit its files; return its sizes."""
    with scratch("vf-ray-base-") as below:
        # assembled where nobody looks, then committed file by file
        out, fetch = below / MODEL, fetcher(below / "parts", writer.store)
        family = family_of_base(base, fetch)
        texts = family.adopted(base, fetch).texts(conversations(sources))
        family.assemble(base, texts, out, seed=seed, fetch=fetch)
        files = sorted(file for file in out.iterdir() if file.is_file())
        for done, file in enumerate(files):
            writer.progress(done, len(files), "files")
            writer.commit(f"{MODEL}{file.name}", file)
        writer.progress(len(files), len(files), "files")
        return _sizes(out)


def conversations(sources: Mapping[str, Artifact]) -> Iterator[Mapping[str, Any]]:
    """Yield the words of every conversation that may be trained on; task by task."""
    from vf_ray.shards.finish import TRAIN
    from vf_ray.shards.schema import from_parquet

    for task in sorted(sources):
        table = from_parquet(sources[task].read(TRAIN), columns=["prompt", "response", "further"])
        yield from table.to_pylist()


def _sizes(folder: Path) -> Mapping[str, Any]:
    from vf_ray.model.load import parameters

    vocabulary = encoder_of(folder).tokenizer.get_vocab_size()
    return {"parameters": parameters(folder), "vocabulary": vocabulary}
