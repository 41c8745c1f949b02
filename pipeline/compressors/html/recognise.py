"""Whether a text is a page that was fetched, and whether its markup is what was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.command import pipelines
from pipeline.compressors.api import Content
from pipeline.markers import carries_marker
from pipeline.query import Query
from pipeline.shell import plain
from pipeline.transcript import ToolCall, ToolKind

_SAMPLE = 8000
_BEFORE = re.compile(r"\ufeff?\s{0,200}(?:<|HTTP/\d|--\d{4}-|\* |> |% Total)")  # headers of curl -i, what curl and wget tell of themselves
PAGE = re.compile(r"<(?:!doctype\s{1,9}html|html|head|body)(?=[\s>])", re.IGNORECASE)
_URL = re.compile(r"https?://([^\s/\"'\\<>?#]{1,255})", re.IGNORECASE)
_OWN_HOST = re.compile(
    r"(?:[^@]{0,200}@)?(?:localhost|[\w.-]{1,200}\.(?:localhost|local|test|internal)|127\.[\d.]+|0\.0\.0\.0|10\.[\d.]+|192\.168\.[\d.]+"
    r"|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+|\[.*|[^.:]*)(?::\d*)?$",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"(?<![\w.-])(?:localhost|127\.\d|0\.0\.0\.0|file://)", re.IGNORECASE)
_FETCHERS = frozenset("curl wget http https xh".split())
_HTTPIE = frozenset("http https xh".split())  # METHOD address items: none but the address is a host
_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())
# Options that the next word is the value of. Of long ones all are taken for such but these, so that no value is taken for a host.
_VALUED = {"curl": "AbcCdDeEFhHKmoPQrtTuUwxXyYz", "wget": "oaiOeBtwTQlDUPARIX", **dict.fromkeys(_HTTPIE, "apobA")}
_FLAGS = frozenset(
    """silent location show-error fail fail-with-body include head insecure compressed verbose globoff no-buffer quiet no-verbose
    no-check-certificate server-response body headers follow ignore-stdin http1.1 http2 ipv4 ipv6""".split()
)
_HOST = re.compile(r"[^/?#]{0,255}")
_INTERPRETERS = frozenset("python python3 node ruby perl php deno bun".split())
_READERS = frozenset("cat head tail sed less more bat nl".split())
_WHOLE = frozenset("head cat tee".split())  # what shows what it is given, or its start
_ARGUMENT_DEPTH = 4

_MARKUP = frozenset(
    """html xhtml markup css selector selectors xpath dom scrape scraper scraping crawl crawler stylesheet stylesheets innerhtml
    queryselector href src srcset iframe opengraph favicon hydration csrf""".split()
)
_PERHAPS = frozenset(
    """class classes tag tags element elements attribute attributes style styles script scripts javascript form forms input inputs field
    fields button buttons hidden meta div span render renders rendered rendering node nodes id ids source seo aria accessibility viewport
    nonce svg inline bundle""".split()
)
_WORD = re.compile(r"[a-z0-9]+", re.ASCII)
_NAMED = re.compile(r"\S{0,200}[./]\S+|[`\"“”][^`\"“”\n]{0,200}[`\"“”]")


def confidence(content: Content) -> float:
    """0.97 for a page that was fetched from elsewhere, else 0: a page of the workspace may be what is being edited."""
    if not looks_like_page(content.text) or carries_marker(content.text):
        return 0.0
    return 0.97 if fetched(content.call) and not about_markup(content.query) else 0.0


def looks_like_page(text: str) -> bool:
    """Whether a text begins as an HTML page does."""
    head = text[:_SAMPLE]
    return _BEFORE.match(head) is not None and PAGE.search(head) is not None


def fetched(call: ToolCall | None) -> bool:
    """Whether a call fetched a page from another machine. A server on this one shows what is being worked on."""
    if call is None or call.kind in (ToolKind.READ, ToolKind.SEARCH, ToolKind.LIST, ToolKind.EDIT):
        return False
    texts = [text[:4000] for text in _strings(call.arguments, _ARGUMENT_DEPTH)]
    hosts = [host for text in texts for host in _URL.findall(text)]
    if any(_OWN_HOST.match(host) for host in (*hosts, *_bare_hosts(call.command))) or any(_LOCAL.search(text) for text in texts):
        return False
    return (call.kind is ToolKind.FETCH or bool(hosts)) and (not call.command or _shows_a_page(call.command))


def _bare_hosts(command: str) -> list[str]:
    """The hosts that are fetched from and written without a scheme: ``curl web:3000/``, ``http :8000``."""
    hosts = []
    for words in (stages[0] for stages in pipelines(command)):
        program = _program(words)
        if program not in _FETCHERS:
            continue
        bare = [word for word in plain(words[1:], _VALUED[program], _FLAGS)[0] if " " not in word and word not in _METHODS]
        hosts += [
            found[0]
            for word in (bare[:1] if program in _HTTPIE else bare)
            if "://" not in word and any(sign in word for sign in ".:/") and (found := _HOST.match(word))
        ]
    return hosts


def _shows_a_page(command: str) -> bool:
    """Whether a command line fetches something and shows it as it came, in whole or from its start."""
    found = pipelines(command)
    programs = [_program(stages[0]) for stages in found]
    if not any(p in _FETCHERS or p in _INTERPRETERS for p in programs):
        return False
    if any(_program(stage) not in _WHOLE for stages in found for stage in stages[1:]):
        return False
    files = [word for stages, p in zip(found, programs, strict=True) if p in _READERS for word in stages[0][1:] if not word.startswith("-")]
    return all(command.count(file) > 1 or file.isdecimal() for file in files)  # shown is what was fetched into a file


def _program(words: list[str]) -> str:
    return words[0].rsplit("/", 1)[-1]


def about_markup(query: Query) -> bool:
    """Whether the question is about the page's markup: one plain word for it, or two that may mean something else.

    Addresses, paths and what stands in quotes name a thing; ``guide.html`` says nothing about what is wanted of it.
    """
    words = set(_WORD.findall(_NAMED.sub(" ", query.text).lower()))
    return not words.isdisjoint(_MARKUP) or len(words & _PERHAPS) >= 2


def _strings(value: object, depth: int) -> list[str]:
    """The strings in a call's arguments."""
    if isinstance(value, str):
        return [value]
    if depth == 0:
        return []
    if isinstance(value, Mapping):
        return [s for v in value.values() for s in _strings(v, depth - 1)]
    if isinstance(value, (list, tuple)):
        return [s for v in value for s in _strings(v, depth - 1)]
    return []
