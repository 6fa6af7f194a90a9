"""Real pictures with real labels, written out in published layouts; nothing is downloaded.

In: installed packages. Out: raw files and benchmarks, as a publisher would lay them out.

Read in this order: raw.py, scans.py, benchmarks.py, write.py.
"""
