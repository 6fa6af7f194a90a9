"""Caltech-101: pictures of 101 kinds of things and living beings."""

from vf_ray.instances.shapes import choose, name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms

CALTECH101 = Source(
    name="caltech101",
    title="Caltech-101",
    url="https://data.caltech.edu/records/mzrjq-6wc02",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="caltech101",
            obtain="Put caltech-101.zip of data.caltech.edu/records/mzrjq-6wc02 here, packed, or else the "
            "101_ObjectCategories.tar.gz in it",
            files=(Download("https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip"),),
        ),
    ),
    read=image_folder("101_ObjectCategories/{label}/*", skip=("BACKGROUND_Google",)),
)
LIVING = frozenset(
    [
        "ant", "beaver", "bonsai", "butterfly", "cougar_body", "cougar_face", "crab", "crayfish", "crocodile",
        "crocodile_head", "dalmatian", "dolphin", "dragonfly", "elephant", "emu", "flamingo", "flamingo_head",
        "gerenuk", "hawksbill", "hedgehog", "ibis", "joshua_tree", "kangaroo", "leopards", "llama", "lobster",
        "lotus", "mayfly", "octopus", "okapi", "panda", "pigeon", "platypus", "rhino", "rooster", "scorpion",
        "sea_horse", "starfish", "sunflower", "tick", "water_lilly", "wild_cat",
    ]
)  # fmt: skip
LIFELESS = frozenset(
    [
        "accordion", "airplanes", "anchor", "barrel", "binocular", "camera", "cannon", "car_side",
        "ceiling_fan", "cellphone", "chair", "chandelier", "cup", "dollar_bill", "electric_guitar",
        "euphonium", "ewer", "ferry", "gramophone", "grand_piano", "headphone", "helicopter", "inline_skate",
        "ketch", "lamp", "laptop", "mandolin", "menorah", "metronome", "minaret", "motorbikes", "pagoda",
        "pizza", "pyramid", "revolver", "saxophone", "schooner", "scissors", "soccer_ball", "stapler",
        "stop_sign", "umbrella", "watch", "wheelchair", "windsor_chair", "wrench", "yin_yang",
    ]
)  # fmt: skip
DOUBTFUL = frozenset(
    [
        "bass", "brain", "brontosaurus", "buddha", "faces", "faces_easy", "garfield", "nautilus", "snoopy",
        "stegosaurus", "strawberry", "trilobite",
    ]
)  # fmt: skip
"""Neither surely alive nor surely not: drawn, extinct, plucked, part of a body; bass may be an instrument."""
USUAL = {
    "Faces": "face", "Faces_easy": "face", "Leopards": "leopard", "Motorbikes": "motorbike",
    "airplanes": "airplane", "binocular": "binoculars", "buddha": "Buddha", "car_side": "car",
    "cougar_body": "cougar", "cougar_face": "cougar", "crocodile_head": "crocodile",
    "flamingo_head": "flamingo", "garfield": "Garfield", "hawksbill": "hawksbill turtle",
    "headphone": "headphones", "inline_skate": "inline skates", "joshua_tree": "Joshua tree",
    "rhino": "rhinoceros", "sea_horse": "seahorse", "snoopy": "Snoopy", "water_lilly": "water lily",
    "wild_cat": "wildcat", "windsor_chair": "Windsor chair", "yin_yang": "yin and yang",
}  # fmt: skip
"""Folders that are not named as a person would name what is in them."""


@CALTECH101.task(
    "object",
    upstream="Caltech101+Image_classification",
    group="classification",
    category="General Object",
    instruction="Name the thing or living being in the image with one to three words.",
    evidence="the noise class is left out; names of folders become what people say",
)
def thing(row: FolderRow) -> Made:
    """The class folder."""
    return name_it(row.image, row.label, USUAL)


@CALTECH101.task(
    "living",
    upstream="Caltech101+Living_Thing_classification",
    group="classification",
    category="General Object",
    instruction="Does the image show a living organism, be it an animal or a plant? Answer with the letter "
    "and Yes or No.",
    evidence="which classes are living is our table; doubtful ones are left out",
)
def living(row: FolderRow) -> Made:
    """By our table of living classes."""
    label = row.label.lower()
    if label in DOUBTFUL:
        return None
    if label not in LIVING | LIFELESS:
        return Reject(row.key, "unknown class", row.label)
    return choose(row.image, "Yes" if label in LIVING else "No", ("Yes", "No"))
