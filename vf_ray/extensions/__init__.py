"""What others have written for vf-ray in repositories of their own: where it lies, and how it is brought in.

In: the entry points of installed packages (``vf_ray.sources``, ``vf_ray.benchmarks``, ``vf_ray.families``,
``vf_ray.recipes``, ``vf_ray.studies``), each a package or module, and the folders that
``VF_RAY_EXTENSIONS`` names. Out: modules and YAML files, each with where it comes from, for the catalogues of
ours that they join. All of it is code, and runs with the rights of whoever starts vf-ray.

Read in this order: found.py (what there is), loaded.py (bringing it in), shipped.py (to a cluster),
written.py (``vf-ray new``).
"""
