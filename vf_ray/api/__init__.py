"""vf-ray as a library: the chain in this process, one function a link; no Ray, no Prefect.

    from vf_ray import api

    recipe = api.load_recipe("my.yaml")
    store = api.open_store("s3://bucket/vf-ray")
    api.prepare(recipe, store)

Prepared data and mixtures lie at the addresses that the flow uses, so either finds what the other has
finished; models that are assembled or trained here have addresses of their own.
``tests/api/test_notebook.py`` goes through every name, from raw files to scores. Each function imports what
it needs when it is called: looking at the catalogue loads no torch.

Read in this order: data.py (raw files to instances and mixtures), models.py (packed, trained, asked),
scores.py (benchmarks).
"""

from vf_ray.api.data import export, instances, load_recipe, mixture, open_store, prepare, tasks
from vf_ray.api.models import answer, answers, assemble, pack, train, watched
from vf_ray.api.scores import question_set, score

__all__ = [
    "answer",
    "answers",
    "assemble",
    "export",
    "instances",
    "load_recipe",
    "mixture",
    "open_store",
    "pack",
    "prepare",
    "question_set",
    "score",
    "tasks",
    "train",
    "watched",
]
