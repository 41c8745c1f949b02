"""The programming languages: which node of a syntax tree is a definition, a body, a comment or a table in each, and its parser."""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Tree

# The parser asks every 100 steps whether to go on: 2-15 times for every 1,000 bytes of code read (900 files), 40 times and more in what only
# looks like code (`a<a<a<…`), where time and memory grow with the square of the length. Steps, not seconds: the same on every machine.
_CHECKS = 200
_CHECKS_PER_KB = 15
_LEAST_RELEASE = (0, 26, 1)  # before it the process ends by SIGSEGV where the parser asks whether to go on
_CHUNK = 1 << 16
# Behind a statement of Python the parser reads all comments as far as the next one anew at each of them, and that is no step: rows times bytes of
# every run of comments. 20 million take 0.13 s (750 rows of 35 characters); of 72,000 files the most had 6 million.
_MOST_REREAD = 20_000_000
_MOST_UNCLOSED = 100  # comments that only begin: the parser looks for the end of each as far as the end of the text

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Language:
    """What there is to know about a language. The names of nodes are those of the official tree-sitter grammars.

    Args:
        name: e.g. ``python``.
        module: the package with its grammar.
        function: the name of the function of that package that gives the grammar.
        extensions: of its files, lower case, without the dot.
        functions: nodes with a body that may be left out.
        containers: nodes that define something that holds definitions or fields: never left out, but part of an outline.
        bodies: nodes that hold the statements of a function.
        tables: nodes that list values.
        members: nodes that list whole members of which each may go, such as the cases of a switch.
        comments: nodes that are comments.
        line_comment: what starts a comment that ends with the line.
        nested: strings of which one stands in every function that holds another one; none: such functions are not looked into.
        signs: strings of which one stands in every node that holds a definition or a comment; none: there are no such strings.
    """

    name: str
    module: str
    extensions: tuple[str, ...]
    functions: frozenset[str]
    containers: frozenset[str]
    bodies: frozenset[str]
    tables: frozenset[str]
    members: frozenset[str] = frozenset()
    function: str = "language"
    comments: frozenset[str] = frozenset({"comment"})
    line_comment: str = "//"
    nested: tuple[bytes, ...] = ()
    signs: tuple[bytes, ...] = ()

    @property
    def indented(self) -> bool:
        """Blocks are told by their indentation, and must not be empty."""
        return self.name == "python"

    @property
    def joins_lines(self) -> bool:
        """A line break ends a statement only if the line below cannot go on with it."""
        return self.name in {"javascript", "typescript", "tsx"}


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SCRIPT_FUNCTIONS = _names(
    "function_declaration function_expression function generator_function generator_function_declaration arrow_function method_definition"
)
_C_CONTAINERS = _names("struct_specifier union_specifier enum_specifier")

LANGUAGES: tuple[Language, ...] = (
    Language(
        "python",
        "tree_sitter_python",
        ("py", "pyi", "pyw"),
        _names("function_definition"),
        _names("class_definition"),
        _names("block"),
        _names("list dictionary set tuple"),
        line_comment="#",
        nested=(b"def ", b"class "),
        signs=(b"def", b"class", b"#"),
    ),
    Language(
        "javascript",
        "tree_sitter_javascript",
        ("js", "jsx", "mjs", "cjs"),
        _SCRIPT_FUNCTIONS,
        _names("class_declaration class"),
        _names("statement_block"),
        _names("array object"),
        _names("switch_body"),
        nested=(b"function", b"=>", b"class "),
    ),
    Language(
        "typescript",
        "tree_sitter_typescript",
        ("ts", "mts", "cts"),
        _SCRIPT_FUNCTIONS,
        _names("class_declaration abstract_class_declaration class interface_declaration enum_declaration internal_module module"),
        _names("statement_block"),
        _names("array object"),
        _names("switch_body"),
        function="language_typescript",
        nested=(b"function", b"=>", b"class "),
    ),
    Language(
        "tsx",
        "tree_sitter_typescript",
        ("tsx",),
        _SCRIPT_FUNCTIONS,
        _names("class_declaration abstract_class_declaration class interface_declaration enum_declaration internal_module module"),
        _names("statement_block"),
        _names("array object"),
        _names("switch_body"),
        function="language_tsx",
        nested=(b"function", b"=>", b"class "),
    ),
    Language(
        "go",
        "tree_sitter_go",
        ("go",),
        _names("function_declaration method_declaration func_literal"),
        _names("type_spec"),
        _names("block"),
        _names("literal_value"),
        _names("statement_list"),
        signs=(b"func", b"type", b"//", b"/*"),
    ),
    Language(
        "rust",
        "tree_sitter_rust",
        ("rs",),
        _names("function_item"),
        _names("impl_item trait_item mod_item struct_item enum_item union_item"),
        _names("block"),
        _names("array_expression"),
        _names("match_block"),
        comments=_names("line_comment block_comment"),
        nested=(b"fn ",),
    ),
    Language(
        "java",
        "tree_sitter_java",
        ("java",),
        _names("method_declaration constructor_declaration compact_constructor_declaration static_initializer"),
        _names("class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration"),
        _names("block constructor_body"),
        _names("array_initializer"),
        _names("switch_block"),
        comments=_names("line_comment block_comment"),
        nested=(b"@Override", b"class "),
    ),
    Language(
        "c",
        "tree_sitter_c",
        ("c", "h"),
        _names("function_definition"),
        _C_CONTAINERS,
        _names("compound_statement"),
        _names("initializer_list"),
        signs=(b"{", b"//", b"/*"),
    ),
    Language(
        "cpp",
        "tree_sitter_cpp",
        ("cc", "cpp", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "tpp", "inl"),
        _names("function_definition"),
        _C_CONTAINERS | _names("class_specifier namespace_definition"),
        _names("compound_statement"),
        _names("initializer_list"),
    ),
)
BY_NAME = {language.name: language for language in LANGUAGES}
BY_EXTENSION = {extension: language for language in LANGUAGES for extension in language.extensions}


@lru_cache(maxsize=len(LANGUAGES))
def _grammar(name: str) -> Grammar | None:
    """A language's grammar, or None where it is not installed or too old for the parser; that is logged once, and told by ``missing``."""
    language = BY_NAME[name]
    try:
        if _release("tree-sitter") < _LEAST_RELEASE:
            log.warning("tree-sitter is older than %s: code is not compressed", ".".join(map(str, _LEAST_RELEASE)))
            return None
        from tree_sitter import Language as Grammar

        return Grammar(getattr(importlib.import_module(language.module), language.function)())
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        log.info("no grammar for %s: %s", name, error)
        return None


def _release(distribution: str) -> tuple[int, ...]:
    """The release of an installed distribution, as numbers.

    Raises:
        ImportError: it is not installed.
    """
    return tuple(int(part) for part in re.findall(r"\d+", importlib.metadata.version(distribution))[:3])


def _rereads(source: bytes) -> bool:
    """Whether runs of comments, or of backslashes with a row for each, are so long in a file of Python that parsing takes far longer than of code.
    Those above the first statement are read once.
    """
    if (source.count(b"#") + source.count(b"\\")) * len(source) <= _MOST_REREAD:
        return False
    reread = rows = size = 0
    begun = False
    for row in source.split(b"\n"):
        sign = row.lstrip()[:1]
        if sign in (b"", b"#", b"\\"):
            rows += begun and sign != b""
            size += len(row) + 1
        else:
            reread += rows * size
            rows = size = 0
            begun = True
    return reread + rows * size > _MOST_REREAD


def _left_open(source: bytes) -> bool:
    """Whether far more comments begin than end."""
    begun = source.count(b"/*")
    return begun > _MOST_UNCLOSED and begun - source.count(b"*/") > _MOST_UNCLOSED


def parse(source: bytes, language: Language) -> Tree | None:
    """The syntax tree of a source text; None where there is no grammar, or where parsing takes far more time than that of code does.

    The text of its nodes cannot be asked of them.
    """
    grammar = _grammar(language.name)
    if grammar is None:
        return None
    if _rereads(source) if language.indented else _left_open(source):
        return None
    from tree_sitter import Parser

    checks = 0
    views = [memoryview(source)]

    def read(offset: int, _: object) -> memoryview:
        views.append(views[0][offset : offset + _CHUNK])
        return views[-1]

    def overrun(offset: int, _: bool) -> bool:
        nonlocal checks
        checks += 1
        return checks > _CHECKS + offset * _CHECKS_PER_KB // 1000

    try:
        return Parser(grammar).parse(read, progress_callback=overrun)
    except ValueError:  # stopped
        return None
    finally:
        for view in reversed(views):  # the parser never gives back what it was given to read: a view that is released keeps no text alive
            view.release()


def installed(language: Language) -> bool:
    """Whether a language can be parsed."""
    return _grammar(language.name) is not None


def missing() -> tuple[str, ...]:
    """The languages whose grammars cannot be loaded. The grammars that can are loaded by this."""
    return tuple(language.name for language in LANGUAGES if not installed(language))


def available() -> bool:
    """Whether any code can be compressed: the parser and a grammar are installed. For ``headroom doctor``."""
    return len(missing()) < len(LANGUAGES)
