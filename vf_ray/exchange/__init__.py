"""Out into the field's formats: what was prepared, as LLaVA's JSON or as Parquet, with a dataset card.

In: the finished instances of a recipe. Out: a new folder or bucket; what terms keep in is counted.

Read in this order: export.py, records.py, parquet.py, llava.py, dataset_card.py.
"""
