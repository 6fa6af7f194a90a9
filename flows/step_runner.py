"""Where a flow run's steps happen: on one Ray for all of them, in this process, or as jobs of a cluster."""

import os
from contextlib import ExitStack
from types import TracebackType

from vf_ray.errors import UserError
from vf_ray.on_ray.cluster_variables import API_SERVER
from vf_ray.plan.plan import Plan
from vf_ray.store import Store


class StepRunner:
    """Runs steps; starts Ray only when a first step really has to run."""

    def __init__(self, store: Store, plan: Plan, run_id: str) -> None:
        self.store = store
        self.plan = plan
        self.run_id = run_id
        self._open = ExitStack()
        self._started = False

    def __enter__(self) -> "StepRunner":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def finished(self, step: str) -> bool:
        """Return whether the store holds all that the step makes, and nothing of it is to be asked again."""
        return not self.plan.due(step, self.store)

    def run(self, step: str, *, force: bool) -> None:
        """Run the step: as a job where ``RAY_API_SERVER_ADDRESS`` is set, else on this machine.

        Raises:
            RuntimeError: if it ends without having made what was planned.
        """
        if os.environ.get(API_SERVER):
            self._submit(step, force)
        elif self.plan.recipe.resources.alone:
            self._run_alone(step, force)
        else:
            self._run_here(step, force)
        if missing := self.plan.unfinished(step, self.store):
            raise UserError(
                f"step {step!r} ended, but {self.store.url} lacks {len(missing)} of what it was to make, "
                f"such as {missing[0].address}: were its raw files changed meanwhile? Run it again"
            )

    def _submit(self, step: str, force: bool) -> None:
        from vf_ray.on_ray.submit import submit

        submit(step, self.plan, self.store, force=force, tell=print)

    def _run_alone(self, step: str, force: bool) -> None:
        from vf_ray.on_ray.steps import run_alone

        run_alone(step, self.plan, self.store, force=force)

    def _run_here(self, step: str, force: bool) -> None:
        from vf_ray.on_ray.cluster import local_cluster
        from vf_ray.on_ray.logs import kept
        from vf_ray.on_ray.steps import run

        if not self._started:
            self._open.enter_context(local_cluster(self.plan.recipe.resources))
            self._open.enter_context(kept(self.store, self.run_id))
            self._started = True
        run(step, self.plan, self.store, force=force)
