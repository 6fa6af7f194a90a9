"""Who does the work of a step: this process, or a cluster that ``on_ray`` speaks to.

In: units of work, and workers that keep something in memory. Out: what they return. What is to be done is
decided by whoever hands it over; a pool only carries.

Read in this order: pool.py (what every pool can do), jobs.py (their queue), local.py (this process).
"""

from vf_ray.work.local import LocalPool
from vf_ray.work.pool import Line, Unit, Workers, WorkPool

__all__ = ["Line", "LocalPool", "Unit", "WorkPool", "Workers"]
