"""A read-only page over a store, served to one person's browser: data, runs, answers, studies, chat.

In: a store. Out: pages that a server on this machine makes from indexes, a few rows at a time; without the
extra ``view`` nothing of it can be imported. What a page shows of a dataset is text or a picture encoded
here, never markup.

Read in this order: app.py (every address), guard.py (who may ask), tables.py and rendering.py (what pages
are made of), store_index.py, row_files.py and stored_images.py (how little is read for them), then a page as
catalogue.py.
"""
