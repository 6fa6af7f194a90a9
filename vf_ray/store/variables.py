"""Environment variables that say where things lie."""

STORE_URL = "VF_RAY_STORE"
"""URL of the store."""
SCRATCH_FOLDER = "VF_RAY_SCRATCH"
"""Folder in which half a download waits, if the store is a bucket."""
