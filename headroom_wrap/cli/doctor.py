"""``headroom doctor``: is everything there that this machine needs, and does it work?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from adapters.registry import ADAPTERS
from headroom_wrap import config, own
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from pipeline.compressors.code.languages import available as code_available


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``good`` is None where it is missing but not needed."""

    name: str
    good: bool | None
    said: str


@click.command("doctor")
@click.argument("agent", required=False, type=click.Choice(list(ADAPTERS)))
@click.option("--prove-off", is_flag=True, help="Look for anything of ours in any agent's way; exit status 1 where there is.")
def command(agent: str | None, prove_off: bool) -> int:
    """Check this machine: settings, store, network loopback, vocabulary, every compressor on a sample, agents, terminal.

    With AGENT: its program and version, and where its requests would go.
    """
    settings = config.load(config.surroundings())
    if prove_off:
        return _prove_off(settings)
    checks = (_python, _store, _loopback, _vocabulary, _compressors, _text_model, _retrieval, _agents, _terminal, _leftovers)
    found = _agent(agent, settings) if agent else (finding for check in checks for finding in check(settings))
    findings = []
    for finding in found:
        findings.append(finding)
        mark = {True: "ok  ", False: "BAD ", None: "--  "}[finding.good]
        click.echo(f"{mark} {finding.name:<14} {finding.said}")
    bad = sum(1 for f in findings if f.good is False)
    click.echo(f"\n{'Everything that is needed is there and works.' if not bad else f'{bad} of {len(findings)} checks failed.'}")
    return 1 if bad else 0


def _prove_off(settings: Config) -> int:
    from headroom_wrap.doctor.off import look

    seen = look(settings)
    for trace in seen.traces:
        click.echo(f"{trace.where}: {trace.what}")
    for sentence in seen.unreadable:
        click.echo(sentence)
    said = f"Nothing of Headroom is in any agent's way ({seen.files} settings files, the environment)."
    click.echo(f"{_traces(len(seen.traces))}." if seen.traces else said)
    return 1 if seen.traces else 0


def _traces(count: int) -> str:
    return f"{count} trace{'' if count == 1 else 's'} of Headroom"


def _agent(name: str, settings: Config) -> Iterator[Finding]:
    from headroom_wrap.proxy.upstream import shown
    from headroom_wrap.supervisor import programs, session

    adapter = ADAPTERS[name]
    try:
        program = programs.find(adapter, settings.surroundings)
    except UserError as error:
        yield Finding("program", False, f"{error.message} {error.hint}")
        return
    yield Finding("program", True, program.path)
    tested = ", ".join(adapter.tested) or "none"
    if program.version in adapter.tested:
        yield Finding("version", True, f"{program.version}, tested")
    else:
        yield Finding("version", None, f"{program.version or 'it could not be told'}; tested: {tested}")
    try:
        plan = session.preview(adapter, (), settings)
    except UserError as error:
        yield Finding("requests", False, shown(f"{error.message} {error.hint}".strip()))
        return
    where = shown(plan.upstream) or "the public address of the vendor whose credential a request carries"
    yield Finding(
        "requests", True if plan.routed else None, f"would go through Headroom to {where}" if plan.routed else "do not pass through Headroom"
    )
    for mount, address in plan.mounts.items():
        yield Finding("requests", True, f"of {mount} would go to {shown(address)}")
    for path in plan.edits:
        yield Finding("writes", None, f"{path}, put back at the end")
    for sentence in plan.losses:
        yield Finding("lost", None, shown(sentence))
    for sentence in plan.notes:
        yield Finding("note", None, shown(sentence))


def _python(_: Config) -> Iterator[Finding]:
    yield Finding("python", sys.version_info >= (3, 10), f"{sys.version.split()[0]} ({sys.executable})")


def _store(settings: Config) -> Iterator[Finding]:
    from headroom_wrap.state import open_store
    from pipeline.store.api import StoreError
    from pipeline.store.opening import redacted

    try:
        store = open_store(settings)
    except UserError as error:
        yield Finding("store", False, f"{error.message} {error.hint}".strip())
        return
    try:
        handle = store.put_original(_SAMPLE_LOG, label="headroom doctor")
        found = store.original(handle)
        good = found is not None and found.text == _SAMPLE_LOG
        name = redacted(settings.where)
        yield Finding("store", good, f"{name}: kept and returned a sample" if good else f"{name} did not return what was kept")
    except StoreError as error:
        yield Finding("store", False, str(error))
    finally:
        store.close()


def _loopback(settings: Config) -> Iterator[Finding]:
    from headroom_wrap.supervisor.launch import bind

    try:
        with bind(settings.port) as listener:
            yield Finding("loopback", True, f"127.0.0.1:{listener.getsockname()[1]} can be bound")
    except UserError as error:
        yield Finding("loopback", False, f"{error.message} {error.hint}")


def _vocabulary(_: Config) -> Iterator[Finding]:
    from pipeline import tokens

    try:
        count = tokens.count("Hello, world! 1234")
    except Exception as error:  # whatever is wrong with the packaged data or with tiktoken, the doctor says it
        yield Finding("tokens", False, f"the packaged vocabulary cannot be used: {error}")
        return
    yield Finding("tokens", count == 7, "o200k counts offline" if count == 7 else f"a sample of 7 tokens was counted as {count}")


def _compressors(_: Config) -> Iterator[Finding]:
    from headroom_wrap.cli.samples import NEEDLE, SAMPLES
    from pipeline.compressors.registry import compressors, ranking
    from pipeline.policy import Policy

    among = compressors()
    for compressor in among:
        if compressor.name not in SAMPLES:
            yield Finding(compressor.name, None, "loaded; it brings no sample to prove it on")
            continue
        content = SAMPLES[compressor.name]()
        if compressor.name == "code" and not code_available():
            yield Finding("code", None, "the grammars are not installed; pip install headroom-ai[code]")
            continue
        first = next((c.name for _, c in ranking(content, among)), "")
        rewrite = compressor.compress(content, Policy())
        if first != compressor.name or rewrite is None:
            yield Finding(compressor.name, False, "its sample was not recognised" if first != compressor.name else "its sample was not compressed")
            continue
        share = 1 - len(rewrite.text) / len(content.text)
        kept = NEEDLE in rewrite.text
        yield Finding(compressor.name, kept, f"a sample became {share:.0%} smaller{'' if kept else ', and its needle was lost'}")


def _text_model(settings: Config) -> Iterator[Finding]:
    from headroom_wrap.models.chosen import choose, usable
    from headroom_wrap.models.shelf import Shelf
    from headroom_wrap.models.trial import try_out

    chosen = choose(settings.kompress_model, settings.state)
    if chosen.checkpoint is not None:
        good, said = try_out(chosen, settings.state)
        yield Finding("text model", good, said)
        return
    if chosen.why:
        yield Finding("text model", False, f"embedded: {chosen.why}")
        return
    there = [pulled.name for pulled in Shelf(settings.state)]
    said = f", though {there[0]} was pulled: choose it with kompress_model" if there else ", and none was pulled: headroom models pull OWNER/NAME"
    installed = ", ".join(usable())
    yield Finding("text model", True, "embedded" + (f"; what runs another ({installed}) is installed, but none is chosen{said}" if installed else ""))


def _retrieval(settings: Config) -> Iterator[Finding]:
    import json
    import subprocess

    call = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}}}
    try:
        done = subprocess.run(
            [*own.module("headroom_wrap.mcp"), "--state", str(settings.state)],
            input=json.dumps(call) + "\n",
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        good = '"serverInfo"' in done.stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("mcp", False, str(error))
        return
    yield Finding("mcp", good, "the MCP server answers" if good else f"the MCP server does not answer: {done.stderr.strip()[-200:]}")


def _agents(settings: Config) -> Iterator[Finding]:
    from headroom_wrap.supervisor import programs

    for adapter in ADAPTERS.values():
        try:
            program = programs.find(adapter, settings.surroundings)
        except UserError as error:
            yield Finding(adapter.name, None, f"{error.message} {error.hint}")
            continue
        yield Finding(adapter.name, True, f"{program.path}{' ' + program.version if program.version else ''}")


def _terminal(settings: Config) -> Iterator[Finding]:
    import shutil

    from headroom_wrap.terminal.panel import panel_rows_for

    if not sys.stdout.isatty():
        yield Finding("panel", None, "standard output is no terminal: the agent is run without a panel")
        return
    columns, lines = shutil.get_terminal_size()
    rows = panel_rows_for(lines, columns, settings.surroundings.term, enabled=settings.panel != "off")
    yield Finding("panel", True if rows else None, f"{rows} rows on this terminal ({settings.surroundings.term}, {columns}x{lines})")


def _leftovers(settings: Config) -> Iterator[Finding]:
    from headroom_wrap.doctor.off import look
    from headroom_wrap.supervisor.journal import Journal

    try:
        journal = Journal(settings.state)
        stale, unreadable = len(list(journal.stale())), journal.unreadable()
    except OSError as error:
        yield Finding("leftovers", False, f"the journal cannot be read: {error}")
        return
    for file in unreadable:
        yield Finding("leftovers", False, f"{file} cannot be read, so it is not known what a session left behind")
    if stale:
        yield Finding("leftovers", None, f"{stale} killed session{'' if stale == 1 else 's'} to clean up: headroom undo")
    found = len(look(settings).traces) - stale - len(unreadable)
    if found:
        yield Finding("leftovers", None, f"{_traces(found)}, which may be meant to be there: headroom doctor --prove-off")
    elif not stale and not unreadable:
        yield Finding("leftovers", True, "nothing of ours is in the way")


_SAMPLE_LOG = "2026-01-02T03:04:05Z INFO headroom doctor wrote this sample\n" * 20
