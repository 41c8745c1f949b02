"""In which language a file is that was read, by its name or by what its lines begin with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compressors.api import Content
from pipeline.compressors.code.languages import BY_EXTENSION, BY_NAME, Language
from pipeline.compressors.files import extension, whole_read

_SAMPLE = 200
_CPP_HEADER = re.compile(r"^\s{0,16}(?:template\s{0,4}<|namespace\b|class\s+\w|using\s+\w|public:|private:|protected:)|std::")
_CPP_WORDS = ("template", "namespace", "class", "using", "public:", "private:", "protected:", "std::")  # a line of C++ has one of them
_CPP_SAMPLE = 2000  # lines
_CPP_LONGEST = 200  # characters of a line

# What lines without indentation begin with in each language, for text whose file is not known.
_BEGINS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("python", re.compile(r"(?:async )?def \w+\(|class \w+[(:]|from [\w.]+ import |import [\w.]+(?: as \w+)?$|@\w[\w.]*(?:\(|$)|if __name__ ==")),
    ("go", re.compile(r"package \w+$|func [(\w]|type \w+ (?:struct|interface|func)\b|import [(\"]|(?:var|const) [(\w]")),
    ("rust", re.compile(r"(?:pub(?:\([a-z]+\))? )?(?:async |unsafe |const )?(?:fn \w|struct \w|enum \w|trait \w|mod \w|use [\w:]+)|impl[ <]|#!?\[")),
    ("java", re.compile(r"package [\w.]+;|import (?:static )?[\w.*]+;|(?:public |final |abstract )+(?:class|interface|enum|record) |@\w+(?:\(|$)")),
    ("cpp", re.compile(r"template ?<|namespace \w|class \w[^;]*$|using \w|#include <[a-z_]+>$")),
    ("c", re.compile(r"#include [<\"]|#(?:define|ifndef|ifdef|endif)\b|(?:static|extern|struct|typedef|int|void|unsigned) [^;]*[{;()]$")),
    (
        "typescript",
        re.compile(r"(?:export )?(?:interface \w|type \w+ =|enum \w|abstract class|declare )|import type |export (?:const|function) .*\): "),
    ),
    (
        "javascript",
        re.compile(
            r"import .* from ['\"]|(?:export )?(?:default )?(?:async )?(?:function\b|class \w)|(?:const|let|var) .* = |module\.exports|exports\.\w"
        ),
    ),
)
_LEAST_BEGINS = 5
_LEAST_SHARE = 0.4  # of the lines without indentation; prose with some code in it has fewer


def language_of(content: Content) -> Language | None:
    """The language of a whole file that was read, by its name; of a text that no call explains, by what its lines begin with."""
    if content.call is not None:
        if not whole_read(content.call):
            return None
        language = BY_EXTENSION.get(extension(content.call.path))
        if language is BY_NAME["c"] and content.call.path.endswith((".h", ".C", ".H")) and _is_cpp(content.lines):
            return BY_NAME["cpp"]
        return language
    return _sniff(content.lines)


def _is_cpp(lines: Sequence[str]) -> bool:
    """Whether a header has a line that only C++ has. Only lines with a word of it are looked at: a pattern on every line costs ten times that."""
    text = "\n".join(lines[:_CPP_SAMPLE])
    for word in _CPP_WORDS:
        at = text.find(word)
        while at >= 0:
            end = text.find("\n", at)
            start = text.rfind("\n", 0, at) + 1
            if _CPP_HEADER.search(text[start : end if end >= 0 else None][:_CPP_LONGEST]):
                return True
            at = text.find(word, end) if end >= 0 else -1
    return False


def _sniff(lines: Sequence[str]) -> Language | None:
    """The language by what the first lines without indentation begin with."""
    begins = [
        line.rstrip()[:200] for line in lines[:_SAMPLE] if (line[:1].strip() and line[0] not in "/*#)}]") or line[:2] in ("#i", "#d", "#[", "#!")
    ]
    if any(line.startswith("```") for line in begins):
        return None
    counts = [(sum(pattern.match(line) is not None for line in begins), name) for name, pattern in _BEGINS]
    best, name = max(counts, key=lambda c: c[0])
    if best < _LEAST_BEGINS or best < len(begins) * _LEAST_SHARE:
        return None
    if name == "c" and _is_cpp(lines):
        name = "cpp"
    return BY_NAME[name]
