"""One wrapped session from start to receipt: journal, socket, proxy, plan, agent, and everything taken away again."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from adapters.instruction_files import READS
from adapters.plan import Adapter, LaunchPlan, PlanError, PlanRequest
from adapters.status_line import ShowsStatus
from headroom_wrap import own, state
from headroom_wrap.channels import status_line
from headroom_wrap.channels.chosen import channel
from headroom_wrap.config import Config, load
from headroom_wrap.errors import UserError
from headroom_wrap.events import Event, Trouble, decode
from headroom_wrap.memory.project import Project, remembered
from headroom_wrap.models.chosen import choose
from headroom_wrap.proxy import way_out
from headroom_wrap.proxy.settings import ProxyConfig
from headroom_wrap.run import account
from headroom_wrap.run.account import Saved
from headroom_wrap.supervisor import launch, looking, plain, programs, relay
from headroom_wrap.supervisor.journal import Entry, Journal
from headroom_wrap.supervisor.processes import MARK, Processes, Tree
from headroom_wrap.supervisor.sampler import Sampler
from headroom_wrap.supervisor.signals import Signals, held
from headroom_wrap.supervisor.sources import SourceClosed
from headroom_wrap.supervisor.status import ExecError, Exit
from headroom_wrap.supervisor.view import SessionView
from headroom_wrap.supervisor.watcher import Watcher
from headroom_wrap.terminal.title import TitleRewriter
from pipeline.transcript import ToolKind

if TYPE_CHECKING:
    from typing_extensions import Self

_STORE_FILE = "store"
_SECRET_BYTES = 18
_OFFERED = ("headroom_retrieve", "headroom_recall")  # compressing is the proxy's, the figures are on the panel
_NO_RECALL = "Without Headroom's tools the agent cannot ask what was read in this project before (--retrieve=shell)."
_DRAIN_S = 5.0
_MOST_DEATHS = 5
_WITHOUT_PROXY = "the agent does not reach its model any more. End it, start it again in the same way, and let it resume this session."


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over.

    Args:
        exit: how the agent ended.
        view: what came through.
        plan: how it was launched.
        began: Unix time.
        saved: on the output of commands that were run through ``headroom run`` for it.
        left: a sentence for every file that could not be put back.
        processes: what the agent's took, and those that outlived it.
    """

    exit: Exit
    view: SessionView
    plan: LaunchPlan
    began: float
    saved: Saved = field(default_factory=Saved)
    left: tuple[str, ...] = ()
    processes: Processes = field(default_factory=Processes)


def preview(adapter: Adapter, arguments: tuple[str, ...], config: Config, *, subscription: bool = False) -> LaunchPlan:
    """The plan as it would be carried out, with stand-ins for what is only known then (port, secret, folder)."""
    folder = config.state / "sessions" / "SESSION"
    return _plan(adapter, arguments, config, "http://127.0.0.1:PORT/SECRET", folder, memory=remembered(config), subscription=subscription)


def run(adapter: Adapter, arguments: tuple[str, ...], config: Config, *, subscription: bool = False) -> Ended:
    """Run an agent to its end.

    Args:
        adapter: of the agent.
        arguments: the user's own for it.
        config: the settings in force.
        subscription: it is to use the account that it is signed in to (see ``PlanRequest``).

    Raises:
        UserError: it cannot be launched; nothing is left behind then.
        KeyboardInterrupt: a signal came before it was. One that would end us does so once all is put back.
    """
    journal = Journal(state.ensure(config.state))
    with held() as signals:
        with _state_errors(config.state):
            left = journal.undo_stale()
            entry = journal.open_session()
        try:
            ended = _session(adapter, arguments, config, journal=journal, entry=entry, signals=signals, subscription=subscription)
        finally:
            left += journal.undo(entry)
            with contextlib.suppress(OSError):
                left += journal.undo_stale()  # whoever was killed meanwhile may have kept a file of ours as it is
    return replace(ended, left=tuple(dict.fromkeys(left)))


def _session(
    adapter: Adapter, arguments: tuple[str, ...], config: Config, *, journal: Journal, entry: Entry, signals: Signals, subscription: bool
) -> Ended:
    folder = Path(entry.folder)
    with contextlib.closing(launch.bind(config.port)) as listener:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/{secret}"
        memory = remembered(config)
        plan = _plan(adapter, arguments, config, address, folder, memory=memory, subscription=subscription)
        launch.write_files(plan, folder)
        _write_store(config, folder)
        _edit(plan, journal, entry)
        view = SessionView(adapter.name, panel=config.panel == "auto" and plan.routed, around=config.surroundings, hint=looking.hint(config))
        if not plan.routed:
            began = time.time()
            return Ended(_agent(plan, config, view, {}, signals), view, plan, began, account.read(folder / account.FILE))
        title = TitleRewriter()
        with (
            channel(config, folder, title) as show,
            _Proxy(_settings(adapter, plan, config, secret, memory), listener, folder / "proxy.log") as proxy,
            _watched(plan, config, view) as watcher,
            contextlib.ExitStack() as stack,
        ):
            tree = Tree(folder.name)
            sampler = stack.enter_context(contextlib.closing(Sampler(tree.running, view.history.watch)))
            beside = config.panel not in ("auto", "off")

            def take(event: Event) -> None:
                tree.started()
                view.take(event)
                if watcher is not None:
                    watcher.take(event)
                if beside:
                    show(view.snapshot())

            sources: dict[int, Callable[[], object]] = {proxy.events: lambda: proxy.read(take), sampler.fd: sampler.ready}
            if watcher is not None:
                sources[watcher.fd] = watcher.ready
            began = time.time()
            end = _agent(plan, config, view, sources, signals, title=title if config.panel == "title" else None, look=sampler.look)
            processes = tree.ended()
            proxy.finish(take)
        return Ended(end, view, plan, began, processes=processes)


@contextlib.contextmanager
def _watched(plan: LaunchPlan, config: Config, view: SessionView) -> Iterator[Watcher | None]:
    """The agent's instruction files, told to the view's history; None for an agent that is not known to read any."""
    reads, around = READS.get(plan.agent), config.surroundings
    if reads is None:
        yield None
        return
    watcher = Watcher(reads, around.cwd, around.home, around.environ, show=view.history.know, ours=plan.edits)
    try:
        yield watcher
    finally:
        watcher.close()


def _write_store(config: Config, folder: Path) -> None:
    """Where the store is, for our MCP server: a file, as a URL with a password in it must stand on no command line."""
    if config.store:
        with _state_errors(folder), open(os.open(folder / _STORE_FILE, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(config.store)


def _edit(plan: LaunchPlan, journal: Journal, entry: Entry) -> None:
    """Write the plan's edits, each journaled before."""
    try:
        journal.apply(entry, plan.edits)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Files that this session needs cannot be written: {error}.", "Mend that, or run the agent by itself.") from None


def _plan(
    adapter: Adapter, arguments: tuple[str, ...], config: Config, proxy: str, folder: Path, *, memory: Project | None, subscription: bool
) -> LaunchPlan:
    around = config.surroundings
    program = programs.find(adapter, around)
    files = launch.read_files(adapter.reads(arguments, around.environ, around.home, around.cwd))
    shell = _shell(config) if config.by_shell else ()
    mcp = _tools(config, folder, memory) if config.mcp and not config.off and not shell else ()
    request = PlanRequest(
        *(program, arguments, around.environ, files, proxy, config.upstream, mcp, folder, subscription),
        cwd=around.cwd,
        headroom=own.command(),
        shell=shell,
    )
    try:
        plan = adapter.plan(request)
    except PlanError as error:
        raise UserError(str(error.args[0]), error.hint) from None
    if not plan.routed:
        return plan
    if shell and memory is not None:
        plan = replace(plan, losses=(*plan.losses, _NO_RECALL))
    if config.panel == "statusline":
        if not isinstance(adapter, ShowsStatus):
            raise UserError(f"{adapter.name} has no status line that Headroom can write in.", "Leave --panel=statusline away.")
        plan = adapter.with_status(plan, files, folder / status_line.FILE)
    plan = replace(plan, env={**plan.env, MARK: folder.name})
    return launch.with_own_command(plan, around.environ, folder) if shell else plan


def _shell(config: Config) -> tuple[str, ...]:
    """What the agent is to run for what was left out.

    Raises:
        UserError: it would look into another store.
    """
    if config.store != load(config.surroundings).store:
        raise UserError(
            "The command headroom show, by which the agent is to retrieve what was left out, would not know the store that --store names.",
            "Name the store in config.toml or in HEADROOM_STORE, or leave --retrieve=shell away.",
        )
    return own.SHOW


def _tools(config: Config, folder: Path, project: Project | None) -> tuple[str, ...]:
    """The command line of our MCP server: with what an agent that is wrapped has use for, as every request pays for each tool."""
    memory = ("--memory", project.identity, "--top", str(project.top)) if project is not None else ()
    store = ("--store-file", str(folder / _STORE_FILE)) if config.store else ()
    return (*own.module("headroom_wrap.mcp"), "--state", str(config.state), "--only", ",".join(_OFFERED), *store, *memory)


def _agent(
    plan: LaunchPlan,
    config: Config,
    view: SessionView,
    sources: dict[int, Callable[[], object]],
    signals: Signals,
    *,
    title: TitleRewriter | None = None,
    look: Callable[[], None] = lambda: None,
) -> Exit:
    """Run the agent: under our PTY on a terminal, else with our own descriptors."""
    env = launch.environment(plan, config.surroundings.environ)
    signals.check()
    try:
        if os.isatty(0) and os.isatty(1):
            full = looking.details(view, config, look)
            failed = view.panel_failed
            return relay.run(plan.argv, env, cwd=None, view=view, full=full, title=title, sources=sources, on_panel_error=failed, held=signals)
        return plain.run(plan.argv, env, cwd=None, sources=sources, held=signals)
    except ExecError as error:
        raise UserError(f"{error}.", "Is it installed for this machine?", status=error.returncode) from None


class _Proxy:
    """The proxy process, this session's alone: it dies with us, because it reads the end of a pipe that only we hold.

    Should it die before, another takes its place at the same socket: meanwhile the agent's connections wait, and what was under way it
    sends again.

    Args:
        settings: what it is told; the descriptors are filled in.
        listener: where it serves.
        log: file for what it has to say.
    """

    def __init__(self, settings: ProxyConfig, listener: socket.socket, log: Path) -> None:
        self.events = -1
        self._settings = settings
        self._listener = listener
        self._log = log
        self._deaths = 0
        self._ending = False
        self._start()

    def _start(self) -> None:
        events, events_in = os.pipe()
        life_out, self._life = os.pipe()
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if self.events < 0:
            self.events = events
        else:  # the number stays: it is being polled
            os.dup2(events, self.events, inheritable=False)
            os.close(events)
        socket_fd = self._listener.fileno()
        try:
            self._process = subprocess.Popen(
                [*own.module("headroom_wrap.proxy"), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(socket_fd, events_in, life_out),
                start_new_session=True,  # the terminal's Ctrl-C is for the agent
            )
        finally:
            for fd in (log, events_in, life_out):
                os.close(fd)
        os.set_blocking(self.events, False)
        self._tail = b""
        told = msgspec.structs.replace(self._settings, socket_fd=socket_fd, events_fd=events_in, life_fd=life_out)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once; the end of its events will tell
            self._process.stdin.write(told.encode().encode())  # not by argv: that can be read by other users of the machine
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._life)
        os.close(self.events)
        try:
            self._process.wait(_DRAIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def read(self, take: Callable[[Event], None]) -> bool:
        """Hand on the events that have arrived. True: there will be more.

        Raises:
            SourceClosed: there will be none any more.
        """
        try:
            chunk = os.read(self.events, 1 << 16)
        except BlockingIOError:
            return True
        if not chunk:
            if self._ending:
                raise SourceClosed
            self._replace(take)
            return True
        *lines, self._tail = (self._tail + chunk).split(b"\n")
        for line in lines:
            event = decode(line)
            if event is not None:
                take(event)
        return True

    def _replace(self, take: Callable[[Event], None]) -> None:
        """The process is gone before its time: start another, unless that has not helped before.

        Raises:
            SourceClosed: there is none any more.
        """
        self._process.kill()
        how = _ended(self._process.wait())
        os.close(self._life)
        self._deaths += 1
        if self._deaths <= _MOST_DEATHS:
            with contextlib.suppress(OSError):
                self._start()
                take(Trouble("proxy", f"Headroom's proxy {how} and was started again; the agent sends again what was under way."))
                return
        self._life = os.open(os.devnull, os.O_RDONLY)
        self._listener.close()  # connections are refused instead of left waiting
        take(Trouble("proxy", f"Headroom's proxy {how} and cannot be kept running, so {_WITHOUT_PROXY}", lasting=True))
        raise SourceClosed

    def finish(self, take: Callable[[Event], None]) -> None:
        """The agent is gone: let the proxy book what is still open, then end it; its last events are handed on."""
        self._ending = True
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_DRAIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        os.set_blocking(self.events, True)
        with contextlib.suppress(SourceClosed):
            while True:
                self.read(take)


def _settings(adapter: Adapter, plan: LaunchPlan, config: Config, secret: str, memory: Project | None) -> ProxyConfig:
    """What the proxy of a session is told, its descriptors aside."""
    around = config.surroundings
    environ = {**around.environ, **plan.settled}
    folder = os.fsencode(around.cwd).decode("utf-8", "replace")  # a name that is not UTF-8: so it stands in what the agent sends, too
    model = choose(config.kompress_model, config.state)
    return ProxyConfig(
        secret=secret,
        upstream=plan.upstream,
        mounts=dict(plan.mounts),
        public=not plan.upstream,  # an agent that signs in with one of several vendors: its credentials say which
        state=str(config.state),
        store=config.store,
        profile=config.profile.value,
        off=config.off,
        retrieve="shell" if config.by_shell else "",
        elide=config.mcp or config.by_shell,
        floor_tokens=config.floor_tokens,
        exclude_tools=config.exclude_tools,
        disabled=config.disabled,
        kompress_model=model.name,
        kompress_folder=model.folder,
        tool_kinds={name: ToolKind(kind).value for name, kind in adapter.tool_kinds.items()},
        workspace=folder,
        agent=adapter.name,
        project=folder,
        memory=memory.identity if memory is not None else "",
        memory_top=str(memory.top) if memory is not None else "",
        feedback=memory.identity if memory is not None and config.learn != "off" else "",
        feedback_home=str(around.home) if config.learn != "off" else "",
        feedback_path=around.environ.get("PATH", ""),
        way_out=way_out.of_environment(environ),
    )


def _ended(status: int) -> str:
    """How a process ended, of its status in ``subprocess``'s manner."""
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


@contextlib.contextmanager
def _state_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"The state folder {folder} cannot be written: {error.strerror}.", "Name another with HEADROOM_STATE.") from None
