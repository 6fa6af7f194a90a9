"""One step of a recipe, run on the Ray that this process is connected to."""

from collections.abc import Callable, Mapping

from vf_ray import artifacts
from vf_ray.artifacts import Writer
from vf_ray.errors import extra
from vf_ray.on_ray.base import base
from vf_ray.on_ray.errors import unwrapped
from vf_ray.on_ray.generate import evaluate
from vf_ray.on_ray.prepare import prepare
from vf_ray.on_ray.progress import told
from vf_ray.on_ray.train import tune
from vf_ray.plan.plan import TUNED, Plan
from vf_ray.raw.fetch import fetch
from vf_ray.report.render import report
from vf_ray.store import Store


def run(step: str, plan: Plan, store: Store, *, force: bool = False) -> None:
    """Build what ``step`` makes; what is finished already is only found, unless ``force`` is set.

    Raises:
        FileNotFoundError: if an input of the step is not finished.
    """
    verbs: Mapping[str, Callable[[Store, Plan, bool], object]] = {
        "fetch": _fetch,
        "prepare": lambda s, p, f: prepare(s, p, force=f),
        "base": lambda s, p, f: base(s, p, force=f),
        "evaluate": lambda s, p, f: evaluate(s, p, force=f),
        "report": lambda s, p, f: report(s, p, force=f),
    }
    with unwrapped(), told(step, store, plan.addresses(step)):
        if step in TUNED:
            tune(store, step, plan, force=force)
        else:
            verbs[step](store, plan, force)


def _fetch(store: Store, plan: Plan, force: bool) -> None:
    if plan.is_packaged:
        _fetch_demo(store, plan, force)
    else:
        fetch(store, tuple(plan.fetched.values()), given=plan.recipe.prepare.raw, force=force)


def _fetch_demo(store: Store, plan: Plan, force: bool) -> None:
    with extra("demo"):
        from vf_ray.demo.write import fetch as write

    (spec,) = plan.outputs("fetch")

    def make(writer: Writer) -> Mapping[str, int]:
        return write(writer, seed=plan.recipe.seed, held_out=plan.recipe.prepare.held_out)

    artifacts.build(store, spec, make, force=force)
