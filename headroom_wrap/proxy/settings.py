"""What a proxy process is told when it is started: one frozen value, as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from headroom_wrap.proxy.routes import Rules
from headroom_wrap.proxy.way_out import WayOut
from pipeline.policy import EMBEDDED, Policy, Profile
from pipeline.transcript import ToolKind


class ProxyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All that the proxy process is told; it reads neither the environment nor a file.

    Args:
        upstream: base URL of the model's API, e.g. ``https://api.anthropic.com``; a path in it is kept in front of every request's. ``""`` for none.
        mounts, vendors, public: further upstreams, see ``routes.Rules``.
        state: the state folder; the store is ``headroom.db`` in it where no other is named.
        store: URL or path of another store; ``""`` for none.
        socket_fd: a bound TCP socket handed down to us, or -1: bind ``host`` and ``port``.
        host, port: where to listen where no socket was handed down; port 0 takes a free one.
        secret: first segment of every path that is served, or the header ``x-headroom-token``; ``""`` for none.
        standing: others than one wrapped agent are served: what is wrong with their requests is said to them, and troubles go to the log.
        greeting: printed on standard output when a standing proxy serves, with the port for ``{port}``; ``""`` for nothing.
        allow_hosts: further names by which we may be called, besides this machine's loopback names.
        retrieve: ``proxy``: the model is offered our tool and we answer its calls; nothing but ``elide`` counts where that cannot be.
            ``shell``: it runs ``headroom show`` in a shell, as ``tool_kinds`` knows them; nothing is left out where it is offered none.
        cache_aid: what clients leave of the provider's prompt cache unused is used for them.
        relocate: what changes in instructions with every request is moved to the end of the conversation; part of ``cache_aid``.
        pings, pings_cents: keep-alive pings in one pause of a conversation, and what all of them may cost until the proxy ends, in US cents.
        profile, elide, floor_tokens, exclude_tools, disabled, tool_kinds, workspace: see ``pipeline.policy.Policy``.
        kompress_model, kompress_folder: the text model beside the embedded one, and the folder of its checkpoint; ``""`` for none.
        kompress_s: how long a job may wait for it in all, in seconds.
        off: relay everything untouched; count only.
        agent, project: who is behind us and where, for the receipts.
        memory, memory_top: identity and folder of the project whose files are remembered; ``""`` for no memory.
        feedback: identity of the project whose earlier conversations make the policy of later ones gentler; ``""``: that of ``workspace``.
        feedback_home, feedback_path: the user's home and PATH, for git to tell whose it is; no home: nobody's, then there is no such thing.
        events_fd: where events are written, one JSON object a line, or -1.
        life_fd: the read end of a pipe whose other end our parent holds, or -1: at its end of file this process exits at once.
        way_out: HTTP proxies and certificates on the way to the upstreams.
        connect_s: how long a connection to the upstream may take to stand, in seconds.
        idle_s: how long the upstream may be silent within a request, in seconds.
        client_s: how long a client may take over the head of a request or the next piece of its body, or keep an idle connection, in seconds.
        drain_s: how long open streams may go on after SIGTERM, in seconds.
        body_limit: the largest request body that is relayed, in bytes.
        workers: compression processes.
        worker_base_s, worker_s_per_100kb: how long a job may take in them, by its size.
        worker_rss_limit: bytes of memory after which a worker is replaced.
    """

    state: str
    store: str = ""
    upstream: str = ""
    socket_fd: int = -1
    host: str = "127.0.0.1"
    port: int = 0
    mounts: dict[str, str] = {}
    vendors: dict[str, str] = {}
    public: bool = False
    secret: str = ""
    standing: bool = False
    greeting: str = ""
    allow_hosts: tuple[str, ...] = ()
    retrieve: str = ""
    cache_aid: bool = False
    relocate: bool = False
    pings: int = 0
    pings_cents: int = 100
    profile: str = Profile.BALANCED.value
    elide: bool = True
    floor_tokens: int = 400
    exclude_tools: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    tool_kinds: dict[str, str] = {}
    workspace: str = ""
    kompress_model: str = EMBEDDED
    kompress_folder: str = ""
    kompress_s: float = 2.0
    off: bool = False
    agent: str = ""
    project: str = ""
    memory: str = ""
    memory_top: str = ""
    feedback: str = ""
    feedback_home: str = ""
    feedback_path: str = ""
    events_fd: int = -1
    life_fd: int = -1
    way_out: WayOut = WayOut()
    connect_s: float = 10.0
    idle_s: float = 600.0
    client_s: float = 120.0
    drain_s: float = 4.5
    body_limit: int = 256 << 20
    workers: int = 1
    worker_base_s: float = 0.5
    worker_s_per_100kb: float = 0.1
    worker_rss_limit: int = 256 << 20

    def encode(self) -> str:
        """As JSON, for ``decode``."""
        return msgspec.json.encode(self).decode("utf-8")

    @property
    def database(self) -> Path:
        """The store's file, where no other store is named."""
        return Path(self.state) / "headroom.db"

    @property
    def where(self) -> str:
        """The store's URL or path."""
        return self.store or str(self.database)

    @property
    def rules(self) -> Rules:
        """Where requests go."""
        return Rules(self.mounts, self.vendors, self.upstream, self.public)

    @property
    def shells(self) -> frozenset[str] | None:
        """Names of the tools in which a model may run ``headroom show``, None where that is not how it retrieves."""
        if self.retrieve != "shell":
            return None
        return frozenset(name for name, kind in self.tool_kinds.items() if kind == ToolKind.SHELL.value)

    @property
    def policy(self) -> Policy:
        """What may be done to a transcript.

        Raises:
            ValueError: a profile or a tool kind that does not exist.
        """
        return Policy(
            profile=Profile(self.profile),
            floor_tokens=self.floor_tokens,
            exclude_tools=frozenset(self.exclude_tools),
            disabled=frozenset(self.disabled),
            tool_kinds={name: ToolKind(kind) for name, kind in self.tool_kinds.items()},
            workspace=self.workspace,
            elide=self.elide,
            kompress_model=self.kompress_model if self.kompress_folder else EMBEDDED,
        )


def decode(text: str | bytes) -> ProxyConfig:
    """The settings in a JSON text.

    Raises:
        ValueError: they are none; the message names the field.
    """
    return msgspec.json.decode(text, type=ProxyConfig, strict=True)
