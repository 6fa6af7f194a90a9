"""Parts of a page that show data itself: contact sheets, pairs of pictures, shares as bars."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from vf_ray.page.document import Block
from vf_ray.page.tables import Table


@dataclass(frozen=True, kw_only=True)
class Card:
    """A picture with words beneath."""

    image: str
    """As a data URI."""
    pixelated: bool
    title: str
    """Where it comes from; small."""
    asked: str
    answered: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A contact sheet."""

    cards: Sequence[Card]

    def html(self) -> str:
        return "<div class='sheet'>" + "".join(map(_card, self.cards)) + "</div>"

    def markdown(self) -> str:
        rows = [[c.title, c.asked, c.answered] for c in self.cards]
        return Table(headers=["instance", "asked", "answered"], rows=rows, wide=(1, 2)).markdown()

    def plain(self) -> dict[str, Any]:
        return {"sheet": [{k: v for k, v in asdict(c).items() if k != "image"} for c in self.cards]}


@dataclass(frozen=True, kw_only=True)
class PairSide:
    """One of two pictures."""

    image: str
    """As a data URI; empty: none can be shown."""
    pixelated: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class ImagePair:
    """Two pictures side by side."""

    sides: tuple[PairSide, PairSide]
    caption: str


@dataclass(frozen=True, kw_only=True)
class PairsOfImages:
    """Pictures to compare by eye."""

    pairs: Sequence[ImagePair]

    def html(self) -> str:
        return "<div class='pairs'>" + "".join(map(_pair, self.pairs)) + "</div>"

    def markdown(self) -> str:
        rows = [[pair.caption, *(side.words for side in pair.sides)] for pair in self.pairs]
        return Table(headers=["", "first", "second"], rows=rows, wide=(1, 2)).markdown()

    def plain(self) -> dict[str, Any]:
        return {"pairs": [{"caption": p.caption, "of": [side.words for side in p.sides]} for p in self.pairs]}


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Named counts as bars."""

    counts: Sequence[tuple[str, int]]
    total: int
    caption: str

    def html(self) -> str:
        longest = max([self.total / 8, *(count for _, count in self.counts)])  # small shares look small
        rows = "".join(
            f"<div class='name'>{escape(name)}</div>"
            f"<div class='bar'><i style='width:{100 * count / longest:.1f}%'></i></div>"
            f"<div class='n'>{count:,}</div><div class='n'>{100 * count / self.total:.1f}%</div>"
            for name, count in self.counts
        )
        caption = f"<figcaption>{escape(self.caption)}</figcaption>"
        return f"<figure class='shares'>{caption}<div>{rows}</div></figure>"

    def markdown(self) -> str:
        rows = [[name, f"{count:,}", f"{100 * count / self.total:.1f}%"] for name, count in self.counts]
        return Table(headers=["", "n", "share"], rows=rows, caption=self.caption).markdown()

    def plain(self) -> dict[str, Any]:
        return {"shares": dict(self.counts), "of": self.total, "caption": self.caption}


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Parts next to each other where there is room."""

    parts: Sequence[Block]

    def html(self) -> str:
        return "<div class='beside'>" + "".join(part.html() for part in self.parts) + "</div>"

    def markdown(self) -> str:
        return "\n".join(part.markdown() for part in self.parts)

    def plain(self) -> dict[str, Any]:
        return {"parts": [part.plain() for part in self.parts]}


def _card(card: Card) -> str:
    asked = escape(card.asked).replace("\n", "<br>")
    return (
        f"<figure class='card'>{_image(card.image, card.pixelated)}<figcaption><small>{escape(card.title)}"
        f"</small><p class='q'>{asked}</p><p class='said'>{escape(card.answered)}</p></figcaption></figure>"
    )


def _pair(pair: ImagePair) -> str:
    sides = "".join(
        f"<div>{_image(side.image, side.pixelated)}<p>{escape(side.words)}</p></div>" for side in pair.sides
    )
    return f"<figure class='pair'><div>{sides}</div><figcaption>{escape(pair.caption)}</figcaption></figure>"


def _image(image: str, pixelated: bool) -> str:
    kind = " class='pixels'" if pixelated else ""
    return f"<img{kind} src='{image}' alt=''>" if image else "<div class='none'></div>"
