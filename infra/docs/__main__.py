"""``python -m infra.docs``: make the site, and say where it lies."""

import argparse
from pathlib import Path

from infra.docs.pages import pages
from infra.docs.site import build
from infra.local.state import ROOT
from vf_ray.store import Store


def main() -> None:
    """Make the pages, and HTML of them."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.docs", description="make the documentation as a site"
    )
    parser.add_argument("--to", type=Path, default=ROOT / ".vf-ray" / "docs", help="folder to write into")
    parser.add_argument("--store", help="show what this store's finished studies found, too")
    parser.add_argument(
        "--ask", action="store_true", help="ask every address outside instead, over the network"
    )
    asked = parser.parse_args()
    store = Store.open(asked.store) if asked.store else None
    print(build(pages(store), asked.to, "linkcheck" if asked.ask else "html"))


if __name__ == "__main__":
    main()
