"""What came out of preparing, looked at: distributions, duplicates, contamination, size.

In: the finished instances and images of a recipe, and benchmarks. Out: figures by task, as a table, a page
and JSON.

Read in this order: examine.py, measures.py, duplicates.py, contamination.py, screening.py,
published_sizes.py.
"""
