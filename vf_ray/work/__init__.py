"""Who does the work of a step: this process, or a cluster that ``on_ray`` speaks to.

In: units of work, and workers that keep something in memory. Out: what they return. What is to be done is
decided by whoever hands it over; a pool only carries.

Read in this order: work_pool.py (what every pool can do), calls.py (the queue of workers), local_pool.py.
"""

from vf_ray.work.local_pool import LocalPool
from vf_ray.work.work_pool import Line, Unit, Workers, WorkPool

__all__ = ["Line", "LocalPool", "Unit", "WorkPool", "Workers"]
