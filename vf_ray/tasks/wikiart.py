"""WikiArt: paintings by style, many also by genre and artist."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.instances.shapes import capitalised, caption
from vf_ray.raw.tree import existing, first_existing
from vf_ray.sources.list_file import by_first_word, lines
from vf_ray.sources.records import At, parsed, unambiguous
from vf_ray.text import words
from vf_ray.types import Made, Raw, Reject, Row, Source, Terms, Tree

LISTS = "wikiart_csv"
SPLITS = ("train", "val")
USUAL = {
    "Art_Nouveau": "Art Nouveau", "Art_Nouveau_Modern": "Art Nouveau",
    "Mannerism_Late_Renaissance": "Mannerism", "Naive_Art_Primitivism": "naive art",
    "Post_Impressionism": "Post-Impressionism", "Ukiyo_e": "Ukiyo-e",
    "Unknown_Artist": "", "Unknown_Genre": "",
}  # fmt: skip
"""Classes that are not named as people write them, or that say that nothing is known."""
PARTICLES = frozenset(
    ["af", "da", "de", "del", "della", "den", "der", "di", "du", "la", "le", "ten", "ter", "van", "von", "zu"]
)
"""Small words inside painters' names."""
NO_PAINTERS = ("byzantine-mosaics", "orthodox-icons")
"""What files are named after in place of a painter."""
_DOUBLE = re.compile(
    r"\b(Jean|Marie|Pierre|Toulouse|Schmidt|Petrov|Burne|Alma)[ -]"
    r"(Antoine|Auguste|Baptiste|Francois|Georges|Honore|Jacques|Joseph|Leon|Louis|Louise|Marc|Michel|Paul"
    r"|Lautrec|Rottluff|Vodkin|Jones|Tadema)\b"
)
"""Parts of painters' names that a hyphen joins, which file names do not tell from blanks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiArtRow(Row):
    """A painting; what nothing says is empty."""

    style: str
    genre: str
    artist: str


def mended(path: str) -> str:
    """Return a path whose accents were encoded twice and lower-cased (``grã©goire``) as it was meant."""
    return re.sub("ã(.)", lambda hit: bytes([0xC3, min(ord(hit[1]), 255)]).decode(errors="replace"), path)


def painter(path: str) -> str:
    """Return whom a file is named after (``Cubism/juan-gris_still-life.jpg``), if that is a painter."""
    name, _, title = path.rpartition("/")[2].partition("_")
    if not title or name in NO_PAINTERS:
        return ""
    first, *others = name.split("-")
    others = [part if part in PARTICLES else capitalised(part) for part in others]
    return _DOUBLE.sub(r"\1-\2", " ".join((capitalised(first), *others)))


def _classes(tree: Tree, kind: str) -> Mapping[str, str]:
    """Return number -> class of ``<kind>_class.txt``."""
    return {
        number: words(name, USUAL)
        for number, name in by_first_word(tree, f"{LISTS}/{kind}_class.txt").items()
    }


def _labels(tree: Tree, kind: str) -> Mapping[str, str]:
    """Return path -> class of one kind, over both splits; empty where the lists are missing."""
    files = [path for split in SPLITS if tree.exists(path := f"{LISTS}/{kind}_{split}.csv")]
    names = _classes(tree, kind) if files else {}
    pairs = (line.rpartition(",") for path in files for line, _ in lines(tree, path))
    return unambiguous((path, names[number]) for path, _, number in pairs if number in names)


def _read(tree: Tree) -> Iterator[WikiArtRow | Reject]:
    styles = {split: f"{LISTS}/style_{split}.csv" for split in SPLITS}
    files = existing(tree, styles)
    names, genres, artists = _classes(tree, "style"), _labels(tree, "genre"), _labels(tree, "artist")
    for split, path in files:
        make = partial(_row, tree=tree, names=names, genres=genres, artists=artists)
        yield from parsed(lines(tree, path, split), make)


def _row(
    line: str,
    at: At,
    tree: Tree,
    names: Mapping[str, str],
    genres: Mapping[str, str],
    artists: Mapping[str, str],
) -> WikiArtRow | Reject:
    path, _, number = line.rpartition(",")
    if number not in names:
        return Reject(at.key(), "unknown style number", line)
    image = f"wikiart/{path}"
    return WikiArtRow(
        key=path,
        split=at.split,
        image=image if path.isascii() else first_existing(tree, image, f"wikiart/{mended(path)}"),
        style=names[number],
        genre=genres.get(path, ""),
        artist=_DOUBLE.sub(r"\1-\2", artists.get(path, "")) or painter(mended(path)),
    )


WIKIART = Source(
    name="wikiart",
    title="WikiArt",
    url="https://github.com/cs-chan/ArtGAN/blob/master/WikiArt%20Dataset/README.md",
    terms=Terms(
        licence="non-commercial research",
        training="yes",
        faces="no",
        stated="github.com/cs-chan/ArtGAN, WikiArt Dataset",
    ),
    raws=(
        Raw(
            name="wikiart_archive",  # not as its own folder wikiart/, which has a neighbour
            obtain="Put wikiart.zip and wikiart_csv.zip of github.com/cs-chan/ArtGAN (WikiArt Dataset) here",
        ),
    ),
    read=_read,
)


@WIKIART.task(
    "artist_genre_style",
    upstream="WIKIART+art_classification",
    group="generation",
    category="Semantic Art Understanding",
    instruction="Who painted this, what genre is it, and in what style is it made? Answer in one sentence; "
    "leave out what cannot be told.",
    evidence="where the lists name no painter, the file does; a genre they do not name is left out; the "
    "sentence is ours",
)
def artist_genre_style(row: WikiArtRow) -> Made:
    """One sentence with what is known."""
    known = [
        f"it is by {row.artist}" if row.artist else "",
        f"its genre is {row.genre}" if row.genre else "",
        f"its style is {row.style}",
    ]
    *before, last = (part for part in known if part)
    text = f"{', '.join(before)} and {last}" if before else last
    return caption(row.image, f"{capitalised(text)}.")
