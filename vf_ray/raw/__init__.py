"""Trees of raw files as publishers ship them: folders, archives, buckets; where they come from.

Read in this order: tree.py, mounts.py, archives.py, listing.py, fetch.py.
"""
