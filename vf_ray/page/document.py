"""A page as data: sections of text, tables, plots and pictures; written as HTML, Markdown and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Protocol

from vf_ray.page.axes import Drawing
from vf_ray.page.style import CSS
from vf_ray.page.tables import Table


class Block(Protocol):
    """Something that stands on a page."""

    def html(self) -> str: ...
    def markdown(self) -> str: ...
    def plain(self) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph."""

    words: str

    def html(self) -> str:
        return f"<p>{escape(self.words)}</p>"

    def markdown(self) -> str:
        return f"{self.words}\n"

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Remarks in small print."""

    lines: Sequence[str]

    def html(self) -> str:
        return "<ul class='notes'>" + "".join(f"<li>{escape(line)}</li>" for line in self.lines) + "</ul>"

    def markdown(self) -> str:
        return "\n".join(f"- {line}" for line in self.lines) + "\n"

    def plain(self) -> dict[str, Any]:
        return {"notes": list(self.lines)}


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawing, also kept as a file of its own, and behind it the numbers that it shows."""

    name: str
    drawing: Drawing
    caption: str

    def html(self) -> str:
        numbers = f"<details><summary>the numbers</summary>{self.drawing.numbers.html()}</details>"
        return f"<figure>{self.drawing.svg}<figcaption>{escape(self.caption)}</figcaption>{numbers}</figure>"

    def markdown(self) -> str:
        return f"*{self.caption}* (`{self.name}.svg`)\n"

    def plain(self) -> dict[str, Any]:
        numbers = self.drawing.numbers.plain()
        return {"plot": f"{self.name}.svg", "caption": self.caption, "numbers": numbers}


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One figure, large."""

    value: str
    label: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """The figures that a reader looks for first."""

    tiles: Sequence[Tile]

    def html(self) -> str:
        cells = "".join(
            "<div class='tile'>"
            f"<div class='label'>{escape(t.label)}</div><div class='value'>{escape(t.value)}</div>"
            f"<div class='detail'>{escape(t.detail)}</div></div>"
            for t in self.tiles
        )
        return f"<div class='tiles'>{cells}</div>"

    def markdown(self) -> str:
        return "\n".join(f"- **{t.value}** {t.label}. {t.detail}".rstrip() for t in self.tiles) + "\n"

    def plain(self) -> dict[str, Any]:
        return {"figures": [asdict(t) for t in self.tiles]}


@dataclass(frozen=True, kw_only=True)
class GalleryItem:
    """One question of the gallery."""

    image: str
    """As a data URI; empty: none."""
    pixelated: bool
    title: str
    prompt: str
    gold: str
    answers: Sequence[tuple[str, str, bool]]
    """Model, answer, whether it is right."""


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Questions with their pictures and what the models said."""

    shown: Sequence[GalleryItem]

    def html(self) -> str:
        return "<div class='gallery'>" + "".join(map(_card, self.shown)) + "</div>"

    def markdown(self) -> str:
        rows = [
            [
                s.title,
                s.prompt,
                s.gold,
                *(f"{model}: {text} ({'right' if ok else 'wrong'})" for model, text, ok in s.answers),
            ]
            for s in self.shown
        ]
        width = max((len(row) for row in rows), default=3)
        filled = [[*row, *[""] * (width - len(row))] for row in rows]
        headers = ["task", "question", "truth", *[f"said {n + 1}" for n in range(width - 3)]]
        return Table(headers=headers, rows=filled, wide=range(1, width)).markdown()

    def plain(self) -> dict[str, Any]:
        return {"gallery": [{k: v for k, v in asdict(s).items() if k != "image"} for s in self.shown]}


def _card(shown: GalleryItem) -> str:
    kind = " class='pixels'" if shown.pixelated else ""
    image = f"<img{kind} src='{shown.image}' alt=''>" if shown.image else "<div class='blank'></div>"
    answers = "".join(
        f"<div class='said {'right' if ok else 'wrong'}'><span>{escape(model)}</span>"
        f"{escape(text) or '<i>nothing</i>'}</div>"
        for model, text, ok in shown.answers
    )
    prompt = escape(shown.prompt).replace("\n", "<br>")
    return (
        f"<article>{image}<div><h4>{escape(shown.title)}</h4><p class='q'>{prompt}</p>"
        f"<div class='gold'><span>truth</span>{escape(shown.gold)}</div>{answers}</div></article>"
    )


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]
    listed: bool = True
    """Whether the page's head links to it."""

    @property
    def anchor(self) -> str:
        """Return what a link to it ends with."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split())


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole page."""

    title: str
    about: str
    sections: Sequence[Section]

    def html(self) -> str:
        """Return one self-contained page."""
        links = "".join(f"<a href='#{s.anchor}'>{escape(s.title)}</a>" for s in self.sections if s.listed)
        body = "".join(_section(s) for s in self.sections)
        head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'>"
        title = escape(self.title)
        return (
            f"<!doctype html><html lang='en'><head>{head}<title>{title}</title>"
            f"<style>{CSS}</style></head><body>"
            f"<header><h1>{title}</h1><p>{escape(self.about)}</p><nav>{links}</nav></header>"
            f"<main>{body}</main></body></html>\n"
        )

    def markdown(self) -> str:
        """Return the same in Markdown, without pictures."""
        parts = [f"# {self.title}\n", f"{self.about}\n"]
        for section in self.sections:
            parts.append(f"## {section.title}\n")
            parts += [block.markdown() for block in section.blocks]
        return "\n".join(parts)

    def plain(self) -> dict[str, Any]:
        """Return the same as JSON-ready data, without pictures."""
        sections: list[Mapping[str, Any]] = [
            {"title": s.title, "blocks": [block.plain() for block in s.blocks]} for s in self.sections
        ]
        return {"title": self.title, "about": self.about, "sections": sections}

    def plots(self) -> dict[str, str]:
        """Return the drawings by name."""
        return {b.name: b.drawing.svg for s in self.sections for b in s.blocks if isinstance(b, Plot)}


def _section(section: Section) -> str:
    blocks = "".join(block.html() for block in section.blocks)
    return f"<section id='{section.anchor}'><h2>{escape(section.title)}</h2>{blocks}</section>"
