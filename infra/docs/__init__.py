"""The documentation as a site, made from what is there: ``make docs``.

In: docstrings, dataclasses, recipes, studies, the catalogue, the verbs. Out: HTML below ``.vf-ray/docs``, by
Sphinx. Nothing is written down twice: a page that is wrong is mended where the thing itself stands.

Read in this order: pages.py (which pages there are), markdown.py (how a table is spelled), site.py (Sphinx).
"""
