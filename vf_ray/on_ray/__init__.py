"""The verbs of the chain on a Ray cluster, and the only code that imports ray.

In: a plan and the name of a step. Out: that step's artifacts. One module a verb, each thin: what is to be
done is decided in the packages below.

Read in this order: steps.py, ray_pool.py, workers.py, train.py, submit.py (a step sent to a cluster).
"""

import os

from vf_ray.on_ray.cluster_variables import RAY_ADDRESS

if not os.environ.get(RAY_ADDRESS):  # a Ray of this process's own keeps to loopback; Ray reads it on import
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
