"""One reader for each published format: raw files in, typed rows out.

In: a ``Tree`` of raw files (``vf_ray.raw``). Out: an iterator of ``Row`` subclasses and ``Reject``. A reader
streams, knows no task, and never words anything; what two sources share lives here, what one source alone
needs lives in its task module.

Read in this order: records.py (where a record stands, what becomes of a bad one), json_array.py,
csv_table.py, image_folder.py, coco_json.py (files joined by id).
"""
