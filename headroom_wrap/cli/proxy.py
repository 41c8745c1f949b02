"""``headroom proxy``: the proxy on its own feet, in front of any client."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from headroom_wrap import config, state
from headroom_wrap.cli.options import settings
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.models.chosen import choose
from headroom_wrap.proxy import way_out
from headroom_wrap.proxy.settings import ProxyConfig
from headroom_wrap.proxy.vendors import Vendor

_ADDRESSES = tuple(f"{vendor.value}_upstream" for vendor in Vendor)
_FLAGS = (
    *("proxy_port", "proxy_host", "proxy_token", "allow_hosts", "proxy_workers", "profile", "off", "retrieve"),
    *("cache_aid", "relocate", "pings", "pings_cents"),
    *("floor_tokens", "exclude_tools", "disabled", "kompress_model", "store", "upstream", *_ADDRESSES),
)
_TOKEN_BYTES = 24
_LEAST_TOKEN = 16
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")  # what stands in a path as it is (RFC 3986, section 2.3)
_DRAIN_S = 25.0  # less than what orchestrators wait for before they kill


@click.command("proxy")
@click.option("--no-token", is_flag=True, help="Ask for no token: whatever runs on this machine may use it. On this machine's own address only.")
@click.option("--show-token", is_flag=True, help="Print the token that is kept, and end.")
@settings(*_FLAGS)
def command(*, no_token: bool, show_token: bool, **flags: Any) -> int:
    """Stand in front of any client of a model's API, in any language: give the client this proxy's address as its base URL.

    Requests go where the client would send them itself, by their path and credential, unless --upstream or a vendor's own setting names another
    address. The client's key goes on as it came; this proxy's own token stands in front of the path or in the header x-headroom-token.
    """
    in_force = config.load(config.surroundings(), flags)
    if show_token:
        click.echo(kept_token(state.ensure(in_force.state)))
        return 0
    told = proxy_config(in_force, with_token=not no_token)
    from headroom_wrap.proxy.__main__ import run  # click is done by now, and the server takes its time to load

    return run(told)


def proxy_config(in_force: Config, *, with_token: bool) -> ProxyConfig:
    """What the proxy is told.

    Raises:
        UserError: it would be open to others, or speak to itself.
    """
    local = way_out.here(in_force.proxy_host)
    if not with_token and not local:
        raise UserError(
            f"Without a token the proxy does not listen on {in_force.proxy_host}: whoever reaches that could use it and read what is kept.",
            "Leave out --no-token, or listen on 127.0.0.1.",
        )
    for address in (in_force.upstream, *in_force.upstreams.values()):
        _refuse_itself(address, in_force.proxy_port)
    secret = _token(in_force) if with_token else ""
    model = choose(in_force.kompress_model, in_force.state)
    if model.why:
        click.echo(f"headroom: {model.why} The embedded model is used.", err=True)
    # One address for all is that of each vendor too, so that a version in it and in a path is written once.
    everywhere = {vendor.value: in_force.upstream for vendor in Vendor} if in_force.upstream else {}
    return ProxyConfig(
        upstream=in_force.upstream,
        vendors={**everywhere, **in_force.upstreams},
        public=not in_force.upstream,
        state=str(state.ensure(in_force.state)),
        store=in_force.store,
        host=in_force.proxy_host,
        port=in_force.proxy_port,
        secret=secret,
        standing=True,
        greeting=_greeting(in_force, secret),
        allow_hosts=in_force.allow_hosts,
        profile=in_force.profile.value,
        off=in_force.off,
        retrieve=in_force.retrieve,
        cache_aid=in_force.cache_aid,
        relocate=in_force.relocate,
        pings=in_force.pings,
        pings_cents=in_force.pings_cents,
        elide=in_force.retrieve == "client",
        floor_tokens=in_force.floor_tokens,
        exclude_tools=in_force.exclude_tools,
        disabled=in_force.disabled,
        kompress_model=model.name,
        kompress_folder=model.folder,
        way_out=way_out.of_environment(in_force.surroundings.environ),
        workers=max(1, in_force.proxy_workers),
        drain_s=_DRAIN_S,
    )


def kept_token(folder: Path) -> str:
    """The token that is kept in the state folder, made where there is none.

    Raises:
        UserError: it cannot be read or written.
    """
    path = folder / "proxy-token"
    try:
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(_TOKEN_BYTES) + "\n")
        except FileExistsError:
            path.chmod(0o600)
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"The token in {path} cannot be read: {why}.", "Mend its permissions, or remove it for a new one.") from None
    return _checked(token, f"The token in {path}")


def _token(in_force: Config) -> str:
    if in_force.proxy_token:
        return _checked(in_force.proxy_token, "The token")
    return kept_token(state.ensure(in_force.state))


def _checked(token: str, what: str) -> str:
    if len(token) < _LEAST_TOKEN or not _TOKEN.fullmatch(token):
        raise UserError(
            f"{what} will not do: it needs {_LEAST_TOKEN} characters at least, and none but letters, digits and . _ ~ -",
            "Leave it out, and one is made.",
        )
    return token


def _refuse_itself(address: str, port: int) -> None:
    parts = urlsplit(address)
    if address and port and parts.port == port and way_out.here(parts.hostname or ""):
        raise UserError(f"The upstream {address} is this proxy itself.", "Name the model's API, or another --port.")


def _greeting(in_force: Config, secret: str) -> str:
    host = f"[{in_force.proxy_host}]" if ":" in in_force.proxy_host else in_force.proxy_host
    base = f"http://{host}:{{port}}"
    admits = f"; as a base URL: {base}/{secret}" if secret else ", without a token"
    return f"Headroom listens on {base}{admits}"
