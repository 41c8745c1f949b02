"""The way to our proxy, past the HTTP proxy that the user may have set."""

from __future__ import annotations

from collections.abc import Mapping

_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_HERE = "127.0.0.1,localhost"


def past_proxies(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that keep requests to this machine off the user's HTTP proxy; none where there is no such proxy.

    Which of the two spellings counts is for each HTTP client to say.
    """
    if not any(env.get(name) for name in _PROXIES):
        return {}
    present = [name for name in ("NO_PROXY", "no_proxy") if env.get(name)]
    return {name: f"{env[name]},{_HERE}" for name in present} or {"NO_PROXY": _HERE}
