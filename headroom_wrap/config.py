"""Settings: defaults < config.toml < environment < flags, merged once into frozen values. Nothing else in the house reads the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headroom_wrap.errors import UserError
from headroom_wrap.proxy.vendors import Vendor
from pipeline.policy import Profile


@dataclass(frozen=True, slots=True)
class Option:
    """One setting. The table of them is what ``--help``, the documentation and the reader of config.toml are made from.

    Args:
        key: its name in config.toml.
        default: value if nobody says otherwise; its type is the option's type.
        env: environment variable.
        help: one sentence.
        choices: the values that a text may have, or empty.
        flag: its name on the command line where that is not its key's, as one command alone has it.
        most: the highest value of a number.
    """

    key: str
    default: Any
    env: str
    help: str
    choices: tuple[str, ...] = ()
    flag: str = ""
    most: int = sys.maxsize

    @property
    def on_command_line(self) -> str:
        """The flag, dashes included."""
        return "--" + (self.flag or self.key.replace("_", "-"))


PANELS = ("auto", "statusline", "tmux", "title", "off")
LEARN = ("auto", "ask", "off")
RETRIEVE = ("proxy", "client", "off")
WRAP_RETRIEVE = ("mcp", "shell")
_HIGHEST_PORT = 65535
_MOST_DIGITS = 18
OPTIONS: tuple[Option, ...] = (
    Option("profile", "balanced", "HEADROOM_PROFILE", "How far compression may go.", tuple(p.value for p in Profile)),
    Option("off", False, "HEADROOM_OFF", "Relay everything untouched; count only."),
    Option("floor_tokens", 400, "HEADROOM_FLOOR_TOKENS", "Nothing is left out of blocks of fewer tokens."),
    Option("exclude_tools", (), "HEADROOM_EXCLUDE_TOOLS", "Tools whose results are left alone, separated by commas."),
    Option("disabled", (), "HEADROOM_DISABLED", "Compressors that are not used, separated by commas."),
    Option(
        "kompress_model",
        "embedded",
        "HEADROOM_KOMPRESS_MODEL",
        "What judges prose: embedded, or beside that a checkpoint: its folder, or the hub id of one that was pulled.",
    ),
    Option("upstream", "", "HEADROOM_UPSTREAM", "The model's API; by default what the agent itself would use."),
    Option(
        "panel",
        "auto",
        "HEADROOM_PANEL",
        "Where the session is shown live: under the agent, in its own status line, in a tmux pane, behind its window title.",
        PANELS,
    ),
    Option("panel_key", "ctrl-\\", "HEADROOM_PANEL_KEY", "The key that opens the page of details: ctrl-\\, ctrl-], ctrl-g …, or off."),
    Option("receipt", True, "HEADROOM_RECEIPT", "Print what the session cost and saved when it ends."),
    Option(
        "learn",
        "auto",
        "HEADROOM_LEARN",
        "What a session taught: written to a file that is yours alone and asked about for one that git tracks; always asked about; or left.",
        LEARN,
    ),
    Option("mcp", True, "HEADROOM_MCP", "Give the agent the tools to retrieve what was left out."),
    Option(
        "wrap_retrieve",
        "mcp",
        "HEADROOM_WRAP_RETRIEVE",
        "How a wrapped agent gets back what was left out: by our tools, or without any, by headroom show in its own shell.",
        WRAP_RETRIEVE,
        flag="retrieve",
    ),
    Option("memory", False, "HEADROOM_MEMORY", "Remember which files were read, and give the agent the tool to ask what others read here before."),
    Option("state", "", "HEADROOM_STATE", "Folder for originals, decisions and receipts."),
    Option(
        "store",
        "",
        "HEADROOM_STORE",
        "Where originals, decisions and receipts are kept instead, for many proxies: postgresql://user:password@host/database or redis://host/0.",
    ),
    Option("port", 0, "HEADROOM_PORT", "Port of the private proxy; 0 takes a free one.", most=_HIGHEST_PORT),
    Option("proxy_host", "127.0.0.1", "HEADROOM_PROXY_HOST", "Address that the standing proxy listens on.", flag="host"),
    Option("proxy_port", 8787, "HEADROOM_PROXY_PORT", "Port that the standing proxy listens on.", flag="port", most=_HIGHEST_PORT),
    Option(
        "proxy_token", "", "HEADROOM_PROXY_TOKEN", "What clients of the standing proxy must know; by default one made once and kept.", flag="token"
    ),
    Option("proxy_workers", 1, "HEADROOM_PROXY_WORKERS", "Compression processes of the standing proxy.", flag="workers"),
    Option(
        "allow_hosts", (), "HEADROOM_ALLOW_HOSTS", "Further names by which clients call the standing proxy, separated by commas.", flag="allow-host"
    ),
    Option("retrieve", "proxy", "HEADROOM_RETRIEVE", "Who fetches what was left out: the standing proxy, its clients, or nobody.", RETRIEVE),
    Option("cache_aid", True, "HEADROOM_CACHE_AID", "Use the provider's prompt cache for clients of the standing proxy that do not."),
    Option("relocate", False, "HEADROOM_RELOCATE", "Move times, dates and ids that change in such clients' instructions to the conversation's end."),
    Option(
        "pings",
        0,
        "HEADROOM_PINGS",
        "Pings by which the standing proxy keeps a paused conversation in Anthropic's cache, in one pause; for clients with an API key.",
    ),
    Option("pings_cents", 100, "HEADROOM_PINGS_CENTS", "What all these pings may cost until the proxy ends, in US cents."),
    *(
        Option(f"{v.value}_upstream", "", f"HEADROOM_{v.name}_UPSTREAM", f"Address of {v.label}, where it is another than the public one.")
        for v in Vendor
    ),
)
_BY_KEY = {o.key: o for o in OPTIONS}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process is born with: everything that is read from the operating system, read once."""

    environ: Mapping[str, str]
    home: Path
    cwd: Path

    @property
    def term(self) -> str:
        """The terminal's type, ``""`` if it says none."""
        return self.environ.get("TERM", "")

    @property
    def color(self) -> bool:
        """Whether colours are welcome (https://no-color.org)."""
        return not self.environ.get("NO_COLOR")


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one run. See ``OPTIONS`` for what each means."""

    state: Path
    profile: Profile = Profile.BALANCED
    off: bool = False
    floor_tokens: int = 400
    exclude_tools: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    kompress_model: str = "embedded"
    upstream: str = ""
    panel: str = "auto"
    panel_key: str = "ctrl-\\"
    receipt: bool = True
    learn: str = "auto"
    mcp: bool = True
    wrap_retrieve: str = "mcp"
    store: str = ""
    memory: bool = False
    port: int = 0
    proxy_host: str = "127.0.0.1"
    proxy_port: int = 8787
    proxy_token: str = ""
    proxy_workers: int = 1
    allow_hosts: tuple[str, ...] = ()
    retrieve: str = "proxy"
    cache_aid: bool = True
    relocate: bool = False
    pings: int = 0
    pings_cents: int = 100
    upstreams: Mapping[str, str] = field(default_factory=dict)  # a vendor's name -> the address set for it
    surroundings: Surroundings = field(default_factory=lambda: Surroundings(MappingProxyType({}), Path("/"), Path("/")))

    @property
    def database(self) -> Path:
        """The store's file, where no other store is named."""
        return self.state / "headroom.db"

    @property
    def by_shell(self) -> bool:
        """Whether a wrapped agent gets back what was left out through its own shell."""
        return self.wrap_retrieve == "shell" and not self.off

    @property
    def where(self) -> str:
        """The store's URL or path."""
        return self.store or str(self.database)


def surroundings() -> Surroundings:
    """What surrounds the process that asks."""
    try:
        cwd = Path.cwd()
    except FileNotFoundError:
        raise UserError("The current folder no longer exists.", "Change to a folder that does and run the command again.") from None
    return Surroundings(MappingProxyType(dict(os.environ)), Path.home(), cwd)


def load(around: Surroundings, flags: Mapping[str, Any] | None = None) -> Config:
    """The settings in force.

    Args:
        around: where the environment and the folders are read from.
        flags: values given on the command line, by key; None and empty tuples count as not given.

    Raises:
        UserError: a setting cannot be read; the message names where it stands.
    """
    path = around.cwd / config_path(around)
    file = _from_file(path)
    said: dict[str, Any] = {}  # here and now
    for option in OPTIONS:
        text = around.environ.get(option.env)
        if text is not None and text != "":
            said[option.key] = _from_text(option, text)
    for key, value in (flags or {}).items():
        if value is not None and value != ():
            said[key] = _checked(_BY_KEY[key], value, _BY_KEY[key].on_command_line)
    values: dict[str, Any] = {o.key: o.default for o in OPTIONS} | file | said
    # A relative path is meant from where it is said.
    origin = {key: path.parent if file.get(key) and key not in said else around.cwd for key in ("state", "store")}
    state = _absolute(_BY_KEY["state"], values.pop("state") or _state_folder(around), origin["state"])
    profile = Profile(values.pop("profile"))
    upstream = _address("upstream", values.pop("upstream"))
    named = {v.value: _address(key := f"{v.value}_upstream", values.pop(key)) for v in Vendor}
    upstreams = {name: address for name, address in named.items() if address}
    if values["store"]:
        values["store"] = _store(values["store"], origin["store"])
    return Config(state=state, profile=profile, upstream=upstream, upstreams=upstreams, surroundings=around, **values)


def _absolute(option: Option, named: str, folder: Path) -> Path:
    """A path as it is named in a folder: absolute, as what we start may work elsewhere."""
    try:
        return folder / Path(named).expanduser()
    except RuntimeError:
        raise UserError(f"The {option.key} {named!r} is in the home of a user who is not known here.", f"Name another with {option.env}.") from None


def _address(key: str, text: str) -> str:
    """An upstream, to which the paths of requests can be added."""
    address = text.rstrip("/")
    wrong = _wrong(text) if text else ""
    if wrong:  # without the text: there may be a password in it
        raise UserError(f"{key} {wrong}.", "Write it in full, as in https://api.anthropic.com or http://127.0.0.1:8000/v1.")
    return address


def _wrong(address: str) -> str:
    """Why an address will not do, ``""`` if it will."""
    from urllib.parse import urlsplit  # most name none

    if not all(map(str.isprintable, address)) or any(map(str.isspace, address)):
        return "has white space in it"
    if "?" in address or "#" in address:
        return "ends with a query or a fragment, and the paths of requests are added to it"
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or "://" not in address[: len("https://")]:
            return "is no http or https address"
        if parts.port == 0:
            return "cannot be read: there is no port 0"
    except ValueError:
        return "cannot be read: its host or its port is none"
    return "" if parts.hostname else "names no host"


def _store(where: str, folder: Path) -> str:
    """A store as it is named in a folder, for those who work elsewhere."""
    # Not loaded where nobody names a store.
    from pipeline.store import opening
    from pipeline.store.api import StoreError

    try:
        opening.check(where)
    except StoreError as error:
        raise UserError(str(error)) from None
    return opening.absolute(where, lambda path: _absolute(_BY_KEY["store"], path, folder))


def config_path(around: Surroundings) -> Path:
    """Where config.toml is looked for."""
    base = around.environ.get("XDG_CONFIG_HOME") or str(around.home / ".config")
    return Path(base) / "headroom" / "config.toml"


def _state_folder(around: Surroundings) -> str:
    if around.environ.get("XDG_STATE_HOME"):
        return str(Path(around.environ["XDG_STATE_HOME"]) / "headroom")
    import platformdirs

    return platformdirs.user_state_dir("headroom", appauthor=False)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UserError(f"The settings in {path} cannot be read: {error.strerror}.", "Mend its permissions or move it away.") from None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"The settings in {path} are not TOML: {error}.", "Mend that line or move the file away.") from None
    unknown = sorted(set(table) - set(_BY_KEY))
    if unknown:
        raise UserError(f"{path} holds {unknown[0]!r}, which is no setting.", f"Settings are: {', '.join(_BY_KEY)}.")
    return {key: _checked(_BY_KEY[key], value, str(path)) for key, value in table.items()}


def _from_text(option: Option, text: str) -> Any:
    default = option.default
    value: Any = text
    if isinstance(default, bool):
        value = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}.get(text.lower(), text)
    elif isinstance(default, int):
        value = int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else text
    elif isinstance(default, tuple):
        value = [part.strip() for part in text.split(",") if part.strip()]
    return _checked(option, value, option.env)


def _checked(option: Option, value: Any, where: str) -> Any:
    """The value if it is of the option's type and among its choices."""
    default = option.default
    if isinstance(default, bool):
        fits = isinstance(value, bool)
    elif isinstance(default, int):
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= option.most
    elif isinstance(default, tuple):
        fits = isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
        value = tuple(value) if fits else value
    else:
        fits = isinstance(value, str) and (not option.choices or value in option.choices)
    if not fits:
        wanted = (
            " or ".join(option.choices)
            if option.choices
            else {
                bool: "true or false",
                int: "a number" + (f" up to {option.most}" if option.most < sys.maxsize else ""),
                tuple: "a list of names",
            }.get(type(default), "a text")
        )
        raise UserError(f"{option.key} = {value!r} (from {where}) is not {wanted}.", option.help)
    return value
