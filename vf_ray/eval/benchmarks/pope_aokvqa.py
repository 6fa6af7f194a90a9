"""POPE's questions about COCO's pictures that A-OKVQA asks about, whose objects a segmenter found."""

from vf_ray.eval.pope_seem import COCO, variant

POPE_AOKVQA = variant("aokvqa", "POPE on A-OKVQA", COCO)
