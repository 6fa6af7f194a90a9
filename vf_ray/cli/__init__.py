"""``vf-ray``: the verbs that are not flows.

Only this package prints. Each verb imports what it needs when it is called, so that ``vf-ray tasks``
and ``--help`` load neither torch nor Ray.

Read in this order: app.py (printing, errors), tasks.py (the shortest verb), plans.py (verbs of a recipe).
"""

from vf_ray.cli.app import app
from vf_ray.cli.ask import ask
from vf_ray.cli.benchmarks import benchmarks
from vf_ray.cli.build import build
from vf_ray.cli.compare import compare
from vf_ray.cli.contamination import contamination
from vf_ray.cli.doctor import doctor
from vf_ray.cli.estimate import estimate
from vf_ray.cli.export import export
from vf_ray.cli.init import init
from vf_ray.cli.inspect import inspect
from vf_ray.cli.new import new
from vf_ray.cli.publish import publish
from vf_ray.cli.quality import quality
from vf_ray.cli.rate import rate
from vf_ray.cli.redundancy import redundancy
from vf_ray.cli.runs import runs
from vf_ray.cli.schema import schema
from vf_ray.cli.score import score
from vf_ray.cli.select import select
from vf_ray.cli.tasks import tasks
from vf_ray.cli.view import view
from vf_ray.cli.weights import weights

for verb in (
    init,
    tasks,
    view,
    benchmarks,
    build,
    quality,
    contamination,
    redundancy,
    select,
    estimate,
    inspect,
    ask,
    export,
    publish,
    doctor,
    score,
    compare,
    weights,
    schema,
    new,
):
    app.command()(verb)
app.add_typer(runs, name="runs")
app.add_typer(rate, name="rate")

__all__ = ["app"]
