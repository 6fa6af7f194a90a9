"""Raw trees that several sources stand on."""

from vf_ray.types import Raw

COCO_2014 = Raw(
    name="coco2014",
    obtain="Unzip or put train2014.zip and val2014.zip of cocodataset.org into coco2014/",
)
COCO_2017 = Raw(
    name="coco2017",
    obtain="Unzip or put train2017.zip and val2017.zip of cocodataset.org into coco2017/",
)
COCO_ANNOTATIONS = Raw(
    name="coco_annotations",
    obtain="Put annotations_trainval2014.zip and annotations_trainval2017.zip of cocodataset.org "
    "(each holds annotations/) into coco_annotations/",
)
CLEVR = Raw(
    name="clevr",
    obtain="Put CLEVR_v1.0.zip of cs.stanford.edu/people/jcjohns/clevr into clevr/, or unzip it there",
)
VISUAL_GENOME_IMAGES = Raw(
    name="visual_genome_images",
    obtain="Put images.zip (VG_100K) and images2.zip (VG_100K_2) of visualgenome.org into "
    "visual_genome_images/",
)
FLICKR30K_IMAGES = Raw(
    name="flickr30k_images",
    obtain="Ask for flickr30k-images.tar with the form at hockenmaier.cs.illinois.edu/DenotationGraph "
    "and put it into flickr30k_images/",
)
VIZWIZ_IMAGES = Raw(
    name="vizwiz_images",
    obtain="Put train.zip, val.zip and test.zip (pictures) of vizwiz.org into vizwiz_images/",
)
DOCVQA = Raw(
    name="docvqa",
    obtain="Register at rrc.cvc.uab.es (challenge 17, task 1) and put the question files and "
    "spdocvqa_images (or the older train and val archives) into docvqa/",
)
TEXTVQA_IMAGES = Raw(
    name="textvqa_images",
    obtain="Put train_val_images.zip of textvqa.org (it holds train_images/) into textvqa_images/",
)
