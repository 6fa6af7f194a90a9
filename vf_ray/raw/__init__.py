"""Trees of raw files as publishers ship them: folders, archives, buckets; where they come from.

In comes a folder or bucket in which every Raw lies under its name, or all are merged: unpacked, as zip,
tar or gzipped tar, with the publisher's outer folder, without it, or inside an extra one. Out come a
file's bytes by the path that its publisher gives it. Links are followed, on disks and in archives alike;
what is there and cannot be read (a link to nothing, an encrypted member, a bomb) says why, and archives of
other kinds are named with a remedy.

Read in this order: tree.py, mounts.py, archives.py, listing.py, fetch.py.
"""
