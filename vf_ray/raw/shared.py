"""Raw trees that several sources stand on, and what is allowed with them."""

from vf_ray.types import Download, Raw, Terms

COCO_TERMS = Terms(
    licence="CC BY 4.0 (annotations); pictures under their Flickr terms",
    faces="yes",
    stated="cocodataset.org",
)
COCO_2014 = Raw(
    name="coco2014",
    obtain="Unzip or put train2014.zip and val2014.zip of cocodataset.org into coco2014/",
    files=(
        # addresses and checksums: url_checksums/coco.txt of tensorflow/datasets
        Download(
            "http://images.cocodataset.org/zips/train2014.zip",
            "sha256:ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775",
            13_510_573_713,
        ),
        Download(
            "http://images.cocodataset.org/zips/val2014.zip",
            "sha256:fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0",
            6_645_013_297,
        ),
    ),
)
COCO_2017 = Raw(
    name="coco2017",
    obtain="Unzip or put train2017.zip and val2017.zip of cocodataset.org into coco2017/",
    files=(
        # addresses and checksums: url_checksums/coco.txt of tensorflow/datasets
        Download(
            "http://images.cocodataset.org/zips/train2017.zip",
            "sha256:69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929",
            19_336_861_798,
        ),
        Download(
            "http://images.cocodataset.org/zips/val2017.zip",
            "sha256:4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
            815_585_330,
        ),
    ),
)
COCO_ANNOTATIONS = Raw(
    name="coco_annotations",
    obtain="Put annotations_trainval2014.zip and annotations_trainval2017.zip of cocodataset.org "
    "(each holds annotations/) into coco_annotations/",
    files=(
        # addresses and checksums: url_checksums/coco.txt of tensorflow/datasets
        Download(
            "http://images.cocodataset.org/annotations/annotations_trainval2014.zip",
            "sha256:031296bbc80c45a1d1f76bf9a90ead27e94e99ec629208449507a4917a3bf009",
            252_872_794,
        ),
        Download(
            "http://images.cocodataset.org/annotations/annotations_trainval2017.zip",
            "sha256:113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
            252_907_541,
        ),
    ),
)
CLEVR = Raw(
    name="clevr",
    obtain="Put CLEVR_v1.0.zip of cs.stanford.edu/people/jcjohns/clevr into clevr/, or unzip it there",
    files=(
        # checksum: url_checksums/clevr.txt of tensorflow/datasets
        Download(
            "https://dl.fbaipublicfiles.com/clevr/CLEVR_v1.0.zip",
            "sha256:5cd61cf1096ed20944df93c9adb31e74d189b8459a94f54ba00090e5c59936d1",
            19_021_600_724,
        ),
    ),
)
VISUAL_GENOME_IMAGES = Raw(
    name="visual_genome_images",
    obtain="Put images.zip (VG_100K) and images2.zip (VG_100K_2) of visualgenome.org into "
    "visual_genome_images/",
    files=(
        Download("https://cs.stanford.edu/people/rak248/VG_100K_2/images.zip"),
        Download("https://cs.stanford.edu/people/rak248/VG_100K_2/images2.zip"),
    ),
)
FLICKR30K_IMAGES = Raw(
    name="flickr30k_images",
    obtain="Ask for flickr30k-images.tar with the form at hockenmaier.cs.illinois.edu/DenotationGraph "
    "and put it into flickr30k_images/",
)
VIZWIZ_IMAGES = Raw(
    name="vizwiz_images",
    obtain="Put train.zip, val.zip and test.zip (pictures) of vizwiz.org into vizwiz_images/",
    files=(
        # addresses: download_scripts/vizwiz_image_quality.sh of VT-NLP/MultiInstruct
        Download("https://vizwiz.cs.colorado.edu/VizWiz_final/images/train.zip"),
        Download("https://vizwiz.cs.colorado.edu/VizWiz_final/images/val.zip"),
        Download("https://vizwiz.cs.colorado.edu/VizWiz_final/images/test.zip"),
    ),
)
DOCVQA = Raw(
    name="docvqa",
    obtain="Register at rrc.cvc.uab.es (challenge 17, task 1) and put the question files and "
    "spdocvqa_images (or the older train and val archives) into docvqa/",
)
TEXTVQA_IMAGES = Raw(
    name="textvqa_images",
    obtain="Put train_val_images.zip of textvqa.org (it holds train_images/) into textvqa_images/",
    files=(
        # address: download_scripts/text_vqa.sh of VT-NLP/MultiInstruct
        Download("https://dl.fbaipublicfiles.com/textvqa/images/train_val_images.zip"),
    ),
)
