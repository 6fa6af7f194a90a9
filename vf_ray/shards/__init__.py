"""Instances and their images as files: one artifact a task, images once a source.

In: a source, its raw tree, the tasks a recipe asks for. Out: Parquet tables of instances, blobs of images,
rejected records with reasons; and for training, a ``Mixture`` that indexes them and copies nothing.

Read in this order: schema.py (every column), build.py (what is to be done when), candidates.py, write.py,
mixture.py; then order.py and read.py, which training stands on.
"""
