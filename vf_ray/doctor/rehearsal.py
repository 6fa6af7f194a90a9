"""Recipes planned before all of their files are there: what they would build, and everything they lack."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from vf_ray import artifacts
from vf_ray.doctor import gpus
from vf_ray.doctor.weights import absent_models, models_named
from vf_ray.errors import MendableError
from vf_ray.eval.question_sets import require_askable
from vf_ray.plan.inputs import benchmark_folders, no_files
from vf_ray.plan.named_models import resolved
from vf_ray.plan.own_tables import identity
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.store import Store

T = TypeVar("T")
RawIdentity = tuple[str, Mapping[str, str], Mapping[str, int]]
NO_RAWS: RawIdentity = ("", {}, {})


@dataclass
class Rehearsal:
    """Plans one recipe after another, and gathers what they lack; reads only lists of files."""

    store: Store
    _faults: dict[str, str] = field(default_factory=dict)
    """By what is missing, or by themselves."""
    _made: set[str] = field(default_factory=set)
    """Addresses of the models that the recipes make."""

    def plan(self, recipe: Recipe) -> Plan:
        """Return a plan in which addresses of what rests on a missing file are no run's."""
        recipe = self._known(partial(resolved, recipe, self.store), recipe)
        raws = self._known(partial(identity, recipe), NO_RAWS)
        folders = benchmark_folders(recipe.evaluate, recipe.other_benchmarks)
        plan = Plan(recipe, *raws, benchmark_files=folders)
        if raws is not NO_RAWS:
            self._faults |= {fault: fault for fault in _raw_files(plan)}
        self._faults |= absent_models(models_named(recipe), self.store)
        lacking = [name for name, fingerprint in folders.items() if not fingerprint]
        self._faults |= {name: no_files(recipe.evaluate.data, name) for name in lacking}
        self._made |= {plan.base.address, *plan.graph.addresses.values()}
        self._ask(plan)
        if not (there := gpus(recipe)).ok:
            self._faults[there.name] = f"GPUs: {there.found}; {there.remedy}"
        return plan

    def text(self) -> str:
        """Return the list for a person; a model that another of the recipes makes is not missing."""
        faults = [fault for what, fault in self._faults.items() if what not in self._made]
        if not faults:
            return "nothing is missing"
        return "\n".join(["missing, before this can run:", *(f"- {fault}" for fault in faults)])

    def _ask(self, plan: Plan) -> None:
        asked = plan.recipe.evaluate
        for name in asked.benchmarks:
            alone = replace(plan.questions, asked=replace(asked, benchmarks=(name,), earlier=()))
            self._known(partial(require_askable, self.store, alone), None)
        for address in asked.earlier:
            self._known(partial(artifacts.load, self.store, address), None)

    def _known(self, look: Callable[[], T], otherwise: T) -> T:
        try:
            return look()
        except MendableError as error:
            self._faults[str(error)] = str(error)
            return otherwise


def _raw_files(plan: Plan) -> Iterator[str]:
    """Say which raw files are neither in the user's folder by their names nor to be fetched."""
    if plan.raw_files.packages:
        return
    needed = dict.fromkeys(raw.name for name in plan.images for raw in plan.catalogue.sources[name].raws)
    fetched = {name for name, (raw, _) in plan.raw_files.public.items() if raw.files}
    if lacking := [name for name in needed if name not in plan.given and name not in fetched]:
        yield (
            f"{len(lacking)} of {len(needed)} raw files are not below {plan.recipe.prepare.raw!r} by their "
            f"names: {', '.join(lacking)}; vf-ray doctor says how to get each"
        )
