"""POPE's questions about GQA's pictures, whose objects a segmenter found."""

from vf_ray.eval.pope_seem import GQA, variant

POPE_GQA = variant("gqa", "POPE on GQA", GQA)
