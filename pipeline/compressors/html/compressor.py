"""A fetched page as Markdown. All text that the page shows is kept; navigation is folded unless the question names something in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.elision import units
from pipeline.compressors.html.markdown import Markdown
from pipeline.compressors.html.navigation import Fold, folds
from pipeline.compressors.html.places import places
from pipeline.compressors.html.recognise import PAGE, confidence
from pipeline.compressors.html.scan import pieces
from pipeline.compressors.kompress.compressor import NAME as KOMPRESS
from pipeline.compressors.kompress.compressor import focused
from pipeline.markers import gap
from pipeline.policy import Policy
from pipeline.query import Query

_SAVES = 0.95  # of the characters at most
_LEAST_TEXT = 40  # characters; a page of less is built by its scripts
_JSON_SHARE = 2  # so many times the text in JSON within scripts: the page is in there
_TAIL = 2000  # what stands behind the page and is no longer than this is shown as it is
_BEGINS = re.compile(r"[\ufeff\s]{0,200}<[A-Za-z!?]")  # no ``<`` of a header: its addresses stand in such brackets, too
_HTML_END = re.compile(r"</html\s{0,9}>", re.IGNORECASE)
_TRUNCATIONS = (re.compile("truncated"), re.compile("omitted"))  # one by one: a plain word is searched for many times faster
_CUT_CHARACTERS = 100  # before and behind that word
_MOST_CUTS = 3
_CUT = re.compile(r"(?<![\d.])\d[\d,.]{0,12} ?(?:more |other )?(?:characters|chars|bytes|lines|tokens|[kKM]i?B)", re.IGNORECASE)
_MOST_ANCHORS = 20
_ID = re.compile(r"[\w.:@/+-]{2,120}")
_IDENTIFIES = re.compile(r"[\s\"'](?:id|name)=[\"']?$")
_IDENTIFIER_CHARACTERS = 7
_ENDS_VALUE = frozenset(("'", '"', ">", " ", "\n", "\r", "\t"))
_FRAGMENT = re.compile(r"https?://[^\s\"'<>#]{1,2000}#([\w.:@/+%-]{2,120})")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page with what stands before and behind it, and its Markdown."""

    head: str
    page: str
    tail: str
    markdown: Markdown
    text: str


class HtmlCompressor:
    """HTML pages that were fetched: Markdown of what they show, and of prose what the question asks for."""

    name = "html"

    def recognise(self, content: Content) -> float:
        """0.97 for a fetched page, else 0."""
        return confidence(content)

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """The page as Markdown, or None where it is not fetched, its markup is asked for, or its text is not in its markup."""
        if not policy.lossy or confidence(content) == 0:
            return None
        head, page, tail = _parts(content.text)
        named = _named(content.query)
        markdown = Markdown(_anchors(page, named)).read(pieces(page))
        whole = "".join(markdown.parts)
        text = whole.strip()
        if len(text) < _LEAST_TEXT or markdown.json > _JSON_SHARE * len(text) or text.startswith("<"):
            return None
        if _shows(text, content, named):
            rewrite = _asked(_Page(head, page, tail, markdown, whole), named, content, policy)
            if rewrite is not None:
                return rewrite
        folded = folds(markdown, content.text, len(head), content.query)
        text = _joined(head, _folded(markdown.parts, folded).strip(), tail, _told_cut(page, text))
        gaps = tuple(fold.gap for fold in folded)
        if len(text) > _SAVES * len(content.text) or not _shows(text, content, named) or confidence(replace(content, text=text)):
            return None
        return Rewrite(text, len(units(content.lines)), gaps, _summary(markdown, folded))


def _asked(found: _Page, named: tuple[str, ...], content: Content, policy: Policy) -> Rewrite | None:
    """The sentences of the page that the question asks for, with a marker in place of the others; None where it asks for none in particular.

    What is left out is numbered by sentences, and a number stands for the stretch of the page, markup and all, in which its sentence is written.
    """
    result = focused(found.text, content, policy)
    if result is None:
        return None
    text = _joined(found.head, result.text.strip(), found.tail, _told_cut(found.page, result.text))
    if len(text) > _SAVES * len(found.text) or not all(name in result.text or name not in found.text for name in named):
        return None
    offset = len(found.head)
    spans = tuple((offset + start, offset + end) for start, end in places(found.page, found.markdown, result.spans))
    return Rewrite(text, len(spans), result.gaps, f"page as Markdown; {result.summary}", unit="sentence", spans=spans, also=KOMPRESS)


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before the page (headers of the answer), the page, and what stands behind it (a status written by curl)."""
    page = None if _BEGINS.match(text) else PAGE.search(text)
    start = 0 if page is None else page.start()
    ends = list(_HTML_END.finditer(text, max(0, len(text) - _TAIL)))
    end = ends[-1].end() if ends and "<" not in text[ends[-1].end() :] else len(text)
    return text[:start], text[start:end], text[end:]


def _joined(head: str, text: str, tail: str, cut: str) -> str:
    return "\n".join(part for part in (head.rstrip(), text, cut, tail.strip()) if part)


def _folded(parts: list[str], folded: list[Fold]) -> str:
    """The text with a marker in place of every fold, on a line of its own."""
    out: list[str] = []
    at = 0
    for fold in folded:
        out += parts[at : fold.first]
        out.append("\n" + gap(fold.gap.first, fold.gap.last, fold.note))
        at = fold.last
        if at < len(parts) and not parts[at].startswith("\n"):
            out.append("\n")
    return "".join(out + parts[at:])


def _named(query: Query) -> tuple[str, ...]:
    """What the question, or the fragment of the fetched address, names, but for addresses: those stand in every page's head."""
    fragments = _FRAGMENT.findall(query.call) + _FRAGMENT.findall(query.text)
    named = (*query.quoted, *query.entities, *fragments)
    return tuple(dict.fromkeys(n for n in named if "://" not in n and not n.startswith(("www.", "//"))))


def _anchors(page: str, named: tuple[str, ...]) -> list[tuple[int, str]]:
    """The ids of elements that are what the question names, and where they stand."""
    found: list[tuple[int, str]] = []
    for name in [n for n in named if _ID.fullmatch(n)][:_MOST_ANCHORS]:
        at = page.find(name)
        while at >= 0:
            if _IDENTIFIES.search(page, max(0, at - _IDENTIFIER_CHARACTERS), at) and page[at + len(name) : at + len(name) + 1] in _ENDS_VALUE:
                found.append((at, name))
                break
            at = page.find(name, at + len(name))
    return sorted(found)


def _shows(text: str, content: Content, named: tuple[str, ...]) -> bool:
    """Whether everything that the question names and the page has is still there; else the question is about the markup."""
    address = content.query.call
    return all(name in text or name not in content.text or name in address for name in named)


def _told_cut(page: str, text: str) -> str:
    """What the tool said of a part of the page that it cut out, where that stood among what is left out."""
    said: dict[str, None] = {}
    for match in (m for word in _TRUNCATIONS for m in word.finditer(page)):
        start = max(page.rfind("\n", match.start() - _CUT_CHARACTERS, match.start()) + 1, match.start() - _CUT_CHARACTERS, 0)
        end = page.find("\n", match.end(), match.end() + _CUT_CHARACTERS)
        line = page[start : end if end >= 0 else match.end() + _CUT_CHARACTERS]
        if _CUT.search(line):
            said[" ".join(line.split())] = None
            if len(said) == _MOST_CUTS:
                break
    return "\n".join(line for line in said if line not in text)


def _summary(markdown: Markdown, folded: list[Fold]) -> str:
    parts = ["page as Markdown, markup and scripts left out" + (", hidden fields too" if markdown.forms else "")]
    if markdown.cut:
        parts.append("the page breaks off")
    if markdown.unread:
        parts.append("from where it could not be read it is as it was")
    shown = "all its text but the navigation marked is here" if folded else f"all its text {'is' if markdown.targetless else 'and links are'} here"
    parts.append(shown + (", but not where links in code lead" if markdown.targetless else ""))
    return "; ".join(parts)
