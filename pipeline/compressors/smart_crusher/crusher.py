"""SmartCrusher: JSON as tables, then whole records by rank."""

from __future__ import annotations

from json.encoder import encode_basestring as quote

from pipeline.compressors.api import Content, Rewrite
from pipeline.compressors.kompress.compressor import NAME as KOMPRESS
from pipeline.compressors.kompress.compressor import focused
from pipeline.compressors.smart_crusher.collect import MIN_CHARS, at_least
from pipeline.compressors.smart_crusher.elide import Shares
from pipeline.compressors.smart_crusher.lines import write_lines
from pipeline.compressors.smart_crusher.parse import Document, Refused, documents, json_lines, loads, looks_like_document, looks_like_object, within
from pipeline.compressors.smart_crusher.spans import Place, Source
from pipeline.compressors.smart_crusher.tables import Run, side_by_side, table_lines
from pipeline.compressors.smart_crusher.values import dumps
from pipeline.compressors.weigh import tokens
from pipeline.policy import Policy, Profile

_MIN_TEXT = 1000
_LEAST_PROSE = 2000  # characters of a value that are looked at as prose
_SURELY_PARSED = 32_000  # characters: of longer texts the beginning tells; that they parse is seen when they are compressed
_ACCEPT = 0.95
_MOSTLY = 0.9
_SHARES = {Profile.BALANCED: Shares(), Profile.AGGRESSIVE: Shares(target=0.12, full=0.06, index=0.06, stride=12)}
_STREAM = Shares(target=0.25, full=0.25, index=0.05)  # JSON lines and the like are mostly logs: events matter one by one
_START = ("{", "[")
CUT = "#cut: the document breaks off here; what follows is as it was"
VALUES = "#values one below the other, here in a list"
STRING = "#string holding this JSON"
END_STRING = "#end of string"


class SmartCrusher:
    """JSON, JSON lines, JSON in text. Lossless first; in lossy profiles whole records are left out, never keys of a record that is shown."""

    name = "smart_crusher"

    def recognise(self, content: Content) -> float:
        """1.0 for a JSON document, 0.9 for JSON lines and values one below the other, 0.8 for JSON cut off, 0.5 for JSON within other text."""
        text = content.text
        if len(text) < _MIN_TEXT or ("{" not in text and "[" not in text):
            return 0.0
        try:
            if len(text) > _SURELY_PARSED and looks_like_document(text):
                return 1.0
            if text.lstrip()[:1] in _START:
                try:
                    value = loads(text)
                except ValueError:
                    pass
                else:
                    return 1.0 if type(value) in {dict, list} else 0.0
            sample = [line for line in text[:20_000].split("\n") if line and not line.isspace()][:60]
            if sum(map(looks_like_object, sample)) >= max(3, 0.6 * len(sample)) or text.count('\n{"') >= 3:
                lines = json_lines(text)
                if lines is not None:
                    return 0.9
            found = documents(text)
        except Refused:
            return 0.0
        if found and found[0].cut:
            return 0.8
        inside = sum(d.end - d.start for d in found)
        if inside >= _MOSTLY * len(text) and any(d.stream for d in found):
            return 0.9
        return 0.5 if inside >= 0.5 * len(text) else 0.0

    def compress(self, content: Content, policy: Policy) -> Rewrite | None:
        """Tables for collections of the JSON, compact JSON for the rest. None where nothing is gained or the JSON is left alone."""
        if len(content.text) < _MIN_TEXT:
            return None
        try:
            if policy.preserve_json:
                return _compact(content.text)
            lines = json_lines(content.text)
            found = documents(content.text) if lines is None else []
            streams = lines is not None or any(d.stream for d in found)
            shares = (_STREAM if streams else _SHARES[policy.profile]) if policy.lossy else None
            run = Run(content, shares, content.query.all_words, policy=policy)
            if lines is not None:
                write_lines(run, lines)
            else:
                _write_documents(run, found)
        except Refused:
            return None
        return _finish(run)


def _compact(text: str) -> Rewrite | None:
    """The same JSON without its white space: what stays parseable."""
    try:
        value = loads(text)
    except ValueError:
        return None
    made = dumps(value)
    if type(value) not in {dict, list} or len(made) > _ACCEPT * len(text):
        return None
    return Rewrite(made, 1, summary="JSON without white space", unit="document")


def _finish(run: Run) -> Rewrite | None:
    text = "".join(run.out)
    if not text or tokens(text) > _ACCEPT * tokens(run.content.text):
        return None
    gaps = tuple(run.numbering.gaps)
    spans = tuple(span for located in run.numbering.located for span in located()) if gaps else ()
    if gaps and len(spans) != run.numbering.total:
        return None
    short = run.numbering.short
    checked = [f"{', '.join(dict.fromkeys(short.values()))} of {len(short)} of them shown"] if short else []
    summary = "; ".join([*checked, *dict.fromkeys(run.said)])
    unit = "record" if not run.sentences else "sentence" if run.sentences == run.numbering.total else "part"
    return Rewrite(text, max(1, run.numbering.total), gaps, summary, unit, spans, KOMPRESS if run.sentences else "")


def _write_documents(run: Run, found: list[Document]) -> None:
    text = run.content.text
    at = 0
    for document in found:
        run.out.append(text[at : document.start])
        if document.stream:
            run.out.append(f"{VALUES}\n")
        run.events = document.stream
        _write_value(run, Place(Source(document.source, document.shift)), document.value)
        if document.cut:
            run.out.append(f"\n{CUT}\n")
        at = document.end
    if found:
        run.out.append(text[at:])


def _sentences(run: Run, place: Place, value: str) -> str | None:
    """Long prose, as the body of an issue is, with a marker in place of the sentences that the question does not ask for; None if all stay.

    They are numbered on from the records above, and are had from the original as they are written in its JSON.
    """
    numbering = run.numbering
    result = focused(value, run.content, run.policy, numbering.total + 1) if len(value) >= _LEAST_PROSE else None
    if result is None:
        return None
    spans = result.spans
    numbering.total += len(spans)
    numbering.gaps += result.gaps
    numbering.located.append(lambda: Source(value, holder=place).in_original(spans))
    run.sentences += len(spans)
    run.said.append(result.summary)
    return result.text


def _write_value(run: Run, place: Place, value: object) -> None:
    """Compact JSON, with tables on lines of their own in the place of collections."""
    if type(value) is str and place.source.holder is None and (inner := within(value)) is not None:
        run.out.append(f"\n{STRING}\n")
        _write_value(run, Place(Source(value, holder=place)), inner)
        run.out.append(f"\n{END_STRING}\n")
    elif not at_least(value, MIN_CHARS):
        run.out.append(dumps(value))
    elif (lines := table_lines(run, place, value)) is not None:
        last = next((piece for piece in reversed(run.out) if piece), "\n")
        run.out.append(("" if last.endswith("\n") else "\n") + "\n".join(lines) + "\n")
    elif type(value) is str and (said := _sentences(run, place, value)) is not None:
        run.out.append(quote(said))
    elif type(value) is dict:
        if run.shares is not None:
            side_by_side(run, value)
        for i, (key, one) in enumerate(value.items()):
            run.out.append(f"{',' if i else '{'}{quote(key)}:")
            _write_value(run, place.member(i), one)
        run.out.append("}")
    elif type(value) is list:
        for i, one in enumerate(value):
            run.out.append("," if i else "[")
            _write_value(run, place.member(i), one)
        run.out.append("]")
    else:
        run.out.append(dumps(value))
