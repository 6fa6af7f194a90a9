"""What a page is made of: templates in which every text is escaped, and its tables as files."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from vf_ray.view.tables import CellLink, PageTable, csv_lines, parquet_bytes

FILE, TABLE = "as", "table"
"""Keys of an address that ask for a table of a page as a file, and for which."""
FILES = {
    "csv": ("text/csv; charset=utf-8", csv_lines),
    "parquet": ("application/octet-stream", parquet_bytes),
}


def rendered(
    request: Request, template: str, title: str, tables: Sequence[PageTable] = (), **context: Any
) -> Response:
    """Return a page, or the table of it that the address asks for as a file.

    Raises:
        HTTPException: 404, if the page has no such table, or there is no such form.
    """
    by_name = {table.name: table for table in tables}
    if form := request.query_params.get(FILE):
        return _file(form, by_name.get(request.query_params.get(TABLE, "")))
    return html(request, template, title, tables=by_name, **context)


def html(request: Request, template: str, title: str, status: int = 200, **context: Any) -> Response:
    """Return a page without tables that could be had as files."""
    known = {**context, "title": title, "path": request.scope["path"], "here": Address(request)}
    text = environment().get_template(template).render(known)
    return HTMLResponse(text.encode(errors="replace"), status)


class Address:
    """The address of the page at hand, with some keys of its query changed."""

    def __init__(self, request: Request) -> None:
        self._path, self._query = request.scope["path"], dict(request.query_params)

    def __call__(self, **changes: Any) -> str:
        """Return it; what is None or empty is left out. A key such as ``as`` is written ``as_``."""
        changed = {key.rstrip("_"): value for key, value in changes.items()}
        return with_query(quote(self._path, errors="replace"), {**self._query, **changed})


def to(path: str, **query: Any) -> str:
    """Return an address of this server."""
    return with_query(quote(path, errors="replace"), query)


def with_query(place: str, query: Mapping[str, Any]) -> str:
    """Return a quoted path with what of a query is neither None nor empty."""
    known = {key: value for key, value in query.items() if value not in (None, "")}
    return f"{place}?{urlencode(known, errors='replace')}" if known else place


def refusal(words: str, path: str = "") -> str:
    """Return the page that refuses; ``path`` leads on, for no cookie comes with a link of another site."""
    on = f"<p><a href='{escape(quote(path))}'>I have opened it already: go on</a></p>" if path else ""
    head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'>"
    return f"<!doctype html><html lang='en'><head>{head}<title>vf-ray</title></head><body><p>{words}</p>{on}"


@cache
def environment() -> Environment:
    """Return the templates, which escape what they are given and know their own names only."""
    jinja = Environment(
        loader=PackageLoader("vf_ray.view"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    jinja.filters |= {"number": number, "pretty": _pretty, "share": _share}
    jinja.globals |= {"to": to}
    jinja.tests["link"] = lambda cell: isinstance(cell, CellLink)
    return jinja


def number(value: float | None) -> str:
    """Return a figure as people read it; nothing for none."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _share(value: float) -> str:
    return f"{100 * value:.1f}%"


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)


def _file(form: str, table: PageTable | None) -> Response:
    if table is None or form not in FILES:
        raise HTTPException(404, "this page has no such table, or it cannot be had in that form")
    kind, written = FILES[form]
    headers = {"content-disposition": f'attachment; filename="{table.name}.{form}"'}
    return StreamingResponse(written(table), media_type=kind, headers=headers)
