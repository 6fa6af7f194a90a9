"""Every artifact of a recipe and its address, before anything runs; and who ran what.

Read in this order: plan.py, inputs.py, run_records.py.
"""
