"""The one place that opens HTTP: this machine's own addresses never through a proxy, keys never repeated."""

import ipaddress
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from vf_ray.errors import UserError

if TYPE_CHECKING:
    import httpx

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EXCEPTIONS = ("no_proxy", "NO_PROXY")
"""Who reads which of the two differs from library to library, so both say the same."""


def client(url: str = "", **options: Any) -> "httpx.Client":
    """Return what asks for ``url``, or for any if none is given: loopback directly, others as configured.

    Raises:
        UserError: for a proxy that cannot be used, naming the variable.
    """
    import httpx

    if is_loopback(url):
        return httpx.Client(trust_env=False, **options)
    spare_loopback()
    try:
        return httpx.Client(**options)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        names = ", ".join(sorted(set(_given()) - set(EXCEPTIONS)))
        raise UserError(f"{url or 'the web'} cannot be asked with what {names} say: {error}") from error


def refuse_unusable_proxies() -> None:
    """Name a proxy that no library could use before one meets it, and have all of them ask loopback directly.

    Raises:
        UserError: naming the variable.
    """
    client().close()


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def through(url: str) -> str:
    """Return ``, through the proxy of <variable>``, to be added to why ``url`` cannot be reached."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if is_loopback(url) or proxy_bypass(parts.netloc):
        return ""
    for scheme in (parts.scheme, "all"):
        if scheme in getproxies_environment():
            shown = next(name for name in _given() if name.lower() == f"{scheme}_proxy")
            return f", through the proxy that {shown} names; no_proxy={parts.hostname} asks it directly"
    return ""


def spare_loopback() -> None:
    """Have every library of this process, and those that it starts, ask loopback directly."""
    if _given():
        os.environ.update(dict.fromkeys(EXCEPTIONS, exceptions(os.environ)))


def exceptions(environment: Mapping[str, str]) -> str:
    """Return what is not asked through a proxy: what ``no_proxy`` says in a form that all libraries read.

    They differ about brackets around IPv6 addresses: some want none, some fail at them.
    """
    hosts = ",".join(environment.get(name, "") for name in EXCEPTIONS).split(",")
    plain = [_unbracketed(word.strip()) for word in hosts if word.strip()]
    return "*" if "*" in plain else ",".join(dict.fromkeys([*plain, *LOOPBACK]))


def _unbracketed(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host


def _given() -> list[str]:
    """Return the variables that name proxies."""
    return [name for name, value in os.environ.items() if name.lower().endswith("_proxy") and value]


def fit(where: str, text: str) -> str:
    """Return a token without the blanks around it, ``where`` being what holds it.

    Raises:
        UserError: for one that no header can carry; it names the place, never the token.
    """
    value = text.strip()
    for place, letter in enumerate(value, 1):
        if not "!" <= letter <= "~":
            raise UserError(
                f"{where}: character {place} of {len(value)} is U+{ord(letter):04X}, which no key contains; "
                "give it the key alone, on one line"
            )
    return value


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token; none if it is empty."""
    return {"Authorization": f"Bearer {token}"} if token else {}
