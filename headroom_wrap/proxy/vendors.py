"""Whose API a request is for, told by its path and its credential as the vendor's own client writes them. Pure.

Nothing of a request becomes part of an address but a region, and that only where it has the form of one: whoever may speak to the proxy must not
be able to make it speak to any other machine.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs


class Vendor(str, enum.Enum):
    """An API that clients are written for."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    CHATGPT = "chatgpt"
    AZURE = "azure"
    GEMINI = "gemini"
    CODE_ASSIST = "code_assist"
    VERTEX = "vertex"
    BEDROCK = "bedrock"
    COPILOT = "copilot"

    @property
    def label(self) -> str:
        """Its name for a person."""
        return _TITLES[self]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes.

    Args:
        base: URL of an API; a path in it stands in front of the target.
        target: path and query for it.
    """

    base: str
    target: str


_TITLES = {
    Vendor.ANTHROPIC: "Anthropic's API",
    Vendor.OPENAI: "OpenAI's API",
    Vendor.CHATGPT: "ChatGPT's backend",
    Vendor.AZURE: "Azure OpenAI",
    Vendor.GEMINI: "the Gemini API",
    Vendor.CODE_ASSIST: "Gemini Code Assist",
    Vendor.VERTEX: "Vertex AI",
    Vendor.BEDROCK: "Amazon Bedrock",
    Vendor.COPILOT: "GitHub Copilot's API",
}
_PUBLIC = {
    Vendor.ANTHROPIC: "https://api.anthropic.com",
    Vendor.OPENAI: "https://api.openai.com/v1",  # its clients count the version to the base
    Vendor.CHATGPT: "https://chatgpt.com",
    Vendor.GEMINI: "https://generativelanguage.googleapis.com",
    Vendor.CODE_ASSIST: "https://cloudcode-pa.googleapis.com",
    Vendor.COPILOT: "https://api.githubcopilot.com",
}
_CODEX = "/backend-api/codex"  # what stands for "/v1" where ChatGPT's backend serves Codex

# What OpenAI's clients ask for, with "/v1" in front where the base that they were given has none.
_OPENAI_PATH = re.compile(
    r"(?:/v1)?/(?:chat/completions|completions|responses|embeddings|models|files|batches|images|audio|moderations|realtime|uploads|vector_stores"
    r"|assistants|threads|fine_tuning|conversations|containers|evals|videos|organization)(?:/|$)"
)
_ANTHROPIC_PATH = re.compile(r"/v1/(?:messages|complete)(?:/|$)")
_GEMINI_PATH = re.compile(r"(?:/upload|/download)?/v1(?:alpha|beta)(?:/|$)")
_VERTEX_PATH = re.compile(r"/v1(?:beta1)?/(?:projects/[^/]{1,128}/locations/(?P<region>[^/]{1,40})|publishers|projects)/")
_BEDROCK_PATH = re.compile(r"/model/[^/]{1,600}/(?:invoke|invoke-with-response-stream|converse|converse-stream|count-tokens)$")
# A credential is sent to its vendor's address with paths of its vendor's form alone: gateways take the same headers on paths of their own.
_OWN_FORM = {Vendor.ANTHROPIC: re.compile(r"/(?:v1|api)/"), Vendor.GEMINI: re.compile(r"/(?:v1|upload|download)")}
_ANY = re.compile("")
_GITHUB = ("gho_", "ghu_", "ghp_", "ghs_", "github_pat_", "tid=")
_AWS_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/,\s]{1,128}/\d{8}/(?P<region>[^/,\s]{1,40})/")
_AWS_REGION = re.compile(r"(?P<china>cn-)?[a-z]{2}(?:-[a-z]{2,12}){1,2}-\d{1,2}|cn-[a-z]{2,12}-\d")
_GOOGLE_REGION = re.compile(r"[a-z]{2,14}-[a-z]{2,14}\d{1,2}")


def vendor(target: str, headers: Mapping[str, str]) -> Vendor | None:
    """Whose API a request is for, None if nothing tells.

    Args:
        target: path and query.
        headers: of the request; names are looked up in lower case.
    """
    path, _, query = target.partition("?")
    token = _token(headers)
    return _by_own_path(path) or _by_own_header(headers, token) or _by_shared_path(path, query, headers, token)


def public(whose: Vendor, target: str, headers: Mapping[str, str]) -> Place | None:
    """A vendor's own address for a request; None where each customer has one of his own and the request names none."""
    if whose is Vendor.VERTEX:
        found = _VERTEX_PATH.match(target)
        base = _vertex((found and found["region"]) or "global")
        return Place(base, target) if base else None
    if whose is Vendor.BEDROCK:
        base = _bedrock(headers.get("authorization", ""))
        return Place(base, target) if base else None
    if whose not in _PUBLIC or not _OWN_FORM.get(whose, _ANY).match(target):
        return None
    if whose is Vendor.CHATGPT and not target.startswith("/backend-api/"):
        target = _CODEX + target.removeprefix("/v1")
    return Place(_PUBLIC[whose], target)


def _by_own_path(path: str) -> Vendor | None:
    """By paths that one vendor alone has."""
    if path.startswith("/backend-api/"):
        return Vendor.CHATGPT
    if path.startswith("/v1internal"):
        return Vendor.CODE_ASSIST
    if path.startswith("/openai/"):
        return Vendor.AZURE
    if _BEDROCK_PATH.match(path):
        return Vendor.BEDROCK
    if _VERTEX_PATH.match(path):
        return Vendor.VERTEX
    if _GEMINI_PATH.match(path):
        return Vendor.GEMINI
    return None


def _by_own_header(headers: Mapping[str, str], token: str) -> Vendor | None:
    """By headers and forms of tokens that one vendor alone has."""
    if "copilot-integration-id" in headers or token.startswith(_GITHUB):
        return Vendor.COPILOT
    if "chatgpt-account-id" in headers:
        return Vendor.CHATGPT
    if "anthropic-version" in headers or "anthropic-beta" in headers or token.startswith("sk-ant-"):
        return Vendor.ANTHROPIC
    if "x-goog-api-key" in headers:
        return Vendor.GEMINI
    if "api-key" in headers:
        return Vendor.AZURE
    return None


def _by_shared_path(path: str, query: str, headers: Mapping[str, str], token: str) -> Vendor | None:
    """By what is left: paths that are one vendor's by custom, then any credential of the usual form."""
    if _ANTHROPIC_PATH.match(path):
        return Vendor.ANTHROPIC
    if "key" in parse_qs(query):
        return Vendor.GEMINI
    if "x-api-key" in headers:
        return Vendor.ANTHROPIC
    if _OPENAI_PATH.match(path) or (token and path.startswith("/v1/")):
        return Vendor.OPENAI
    return None


def _token(headers: Mapping[str, str]) -> str:
    """The bearer token, ``""`` if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _vertex(region: str) -> str:
    if region == "global":
        return "https://aiplatform.googleapis.com"
    if region in ("us", "eu"):  # several regions under one name
        return f"https://aiplatform.{region}.rep.googleapis.com"
    return f"https://{region}-aiplatform.googleapis.com" if _GOOGLE_REGION.fullmatch(region) else ""


def _bedrock(authorization: str) -> str:
    scope = _AWS_SCOPE.match(authorization)
    region = _AWS_REGION.fullmatch(scope["region"]) if scope else None
    if region is None:
        return ""
    return f"https://bedrock-runtime.{region[0]}.amazonaws.com{'.cn' if region[0].startswith('cn-') else ''}"
