"""Where everything lies: one folder or bucket, and the only code that knows its URL.

Read in this order: store.py, then disk.py and bucket.py, which it stands on.
"""

from vf_ray.store.store import Store, race
from vf_ray.store.variables import STORE_URL

__all__ = ["STORE_URL", "Store", "race"]
