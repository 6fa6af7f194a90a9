"""Rows to finished conversations: worded, checked, drawn by keyed hashes.

In: a source's typed rows and its tasks. Out: an ``Instance`` (prompt, response, options, image) or a
``Reject`` for each row. Nothing here opens a file, and no draw depends on order or worker.

Read in this order: sample.py (one pass serves all tasks of a source), wording.py (the only place that
words), chance.py (the only place that draws), checks.py, pool.py (negatives).
"""
