"""Whose API a request is for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from headroom_wrap.proxy import vendors
from headroom_wrap.proxy.vendors import Place, Vendor

V = Vendor
KEY = {"Authorization": "Bearer sk-proj-1"}
OAUTH = {"Authorization": "Bearer ya29.x"}
AWS = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA1/20260101/eu-west-3/bedrock/aws4_request, SignedHeaders=host, Signature=00"}


def headers(given: dict[str, str]) -> CIMultiDict[str]:
    return CIMultiDict(given)


@pytest.mark.parametrize(
    ("target", "sent", "whose", "base", "onward"),
    [
        ("/v1/messages", {"x-api-key": "k"}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/v1/messages?beta=true", {}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/v1/messages/batches", {}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/v1/complete", {}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/v1/models", {"anthropic-version": "2023-06-01"}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/v1/models", {"X-Api-Key": "k"}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/v1/files", {"Authorization": "Bearer sk-ant-oat01-x"}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/api/oauth/profile", {"Authorization": "Bearer sk-ant-oat01-x"}, V.ANTHROPIC, "https://api.anthropic.com", None),
        ("/v1/chat/completions", KEY, V.OPENAI, "https://api.openai.com/v1", None),
        ("/v1/chat/completions", {}, V.OPENAI, "https://api.openai.com/v1", None),
        ("/v1/responses", KEY, V.OPENAI, "https://api.openai.com/v1", None),
        ("/responses/resp_1", KEY, V.OPENAI, "https://api.openai.com/v1", None),
        ("/v1/models", KEY, V.OPENAI, "https://api.openai.com/v1", None),
        ("/v1/files/f1/content", KEY, V.OPENAI, "https://api.openai.com/v1", None),
        ("/v1/batches", {}, V.OPENAI, "https://api.openai.com/v1", None),
        ("/v1/something/new", KEY, V.OPENAI, "https://api.openai.com/v1", None),
        ("/backend-api/codex/responses", {}, V.CHATGPT, "https://chatgpt.com", None),
        ("/v1/responses", {**KEY, "ChatGPT-Account-Id": "a"}, V.CHATGPT, "https://chatgpt.com", "/backend-api/codex/responses"),
        ("/models?x=1", {**KEY, "chatgpt-account-id": "a"}, V.CHATGPT, "https://chatgpt.com", "/backend-api/codex/models?x=1"),
        ("/v1beta/models/g:streamGenerateContent?alt=sse", {}, V.GEMINI, "https://generativelanguage.googleapis.com", None),
        ("/upload/v1beta/files", {}, V.GEMINI, "https://generativelanguage.googleapis.com", None),
        ("/v1beta/openai/chat/completions", KEY, V.GEMINI, "https://generativelanguage.googleapis.com", None),
        ("/v1/models/g:generateContent", {"x-goog-api-key": "k"}, V.GEMINI, "https://generativelanguage.googleapis.com", None),
        ("/v1/models?key=k", {}, V.GEMINI, "https://generativelanguage.googleapis.com", None),
        ("/v1internal:streamGenerateContent?alt=sse", OAUTH, V.CODE_ASSIST, "https://cloudcode-pa.googleapis.com", None),
        ("/v1/projects/p/locations/us-east5/publishers/anthropic/models/c:rawPredict", OAUTH, V.VERTEX, "https://us-east5-aiplatform.googleapis.com", None),
        ("/v1/projects/p/locations/global/publishers/google/models/g:generateContent", OAUTH, V.VERTEX, "https://aiplatform.googleapis.com", None),
        ("/v1beta1/projects/p/locations/eu/endpoints/openapi/chat/completions", OAUTH, V.VERTEX, "https://aiplatform.eu.rep.googleapis.com", None),
        ("/v1/publishers/google/models/g:generateContent", {"x-goog-api-key": "k"}, V.VERTEX, "https://aiplatform.googleapis.com", None),
        ("/model/anthropic.claude-v9%3A0/invoke", AWS, V.BEDROCK, "https://bedrock-runtime.eu-west-3.amazonaws.com", None),
        ("/model/m/converse-stream", {"Authorization": AWS["Authorization"].replace("eu-west-3", "cn-north-1")}, V.BEDROCK,
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn", None),
        ("/chat/completions", {**KEY, "Copilot-Integration-Id": "cli"}, V.COPILOT, "https://api.githubcopilot.com", None),
        ("/responses", {"Authorization": "Bearer gho_1"}, V.COPILOT, "https://api.githubcopilot.com", None),
        ("/v1/messages", {"Authorization": "Bearer tid=1;exp=2", "anthropic-version": "1"}, V.COPILOT, "https://api.githubcopilot.com", None),
    ],
)  # fmt: skip
def test_requests_go_where_their_client_would_send_them(target, sent, whose, base, onward):
    assert vendors.vendor(target, headers(sent)) is whose
    assert vendors.public(whose, target, headers(sent)) == Place(base, onward or target)


@pytest.mark.parametrize(
    ("target", "sent", "whose"),
    [
        ("/openai/deployments/d/chat/completions?api-version=1", {"api-key": "k"}, V.AZURE),
        ("/openai/v1/responses", KEY, V.AZURE),
        ("/v1/chat/completions", {"api-key": "k"}, V.AZURE),
        ("/model/m/invoke", {"Authorization": "Bearer bedrock-api-key-1"}, V.BEDROCK),
        ("/model/m/invoke", {"Authorization": AWS["Authorization"].replace("eu-west-3", "evil.example#")}, V.BEDROCK),
        ("/v1/projects/p/locations/evil.example%23/publishers/google/models/g:generateContent", OAUTH, V.VERTEX),
        ("/v1/projects/p/locations/x@evil.example/publishers/google/models/g:generateContent", OAUTH, V.VERTEX),
        ("/anthropic/v1/messages", {"anthropic-version": "1"}, V.ANTHROPIC),
        ("/gateway/generate", {"x-goog-api-key": "k"}, V.GEMINI),
    ],
)
def test_no_credential_goes_to_an_address_that_is_not_its_own(target, sent, whose):
    assert vendors.vendor(target, headers(sent)) is whose
    assert vendors.public(whose, target, headers(sent)) is None


@pytest.mark.parametrize(
    ("target", "sent"), [("/", {}), ("/foo", KEY), ("/v1/foo", {}), ("/api/chat", {}), ("/favicon.ico", {}), ("/v10/messages", {})]
)
def test_what_nothing_tells_of_is_nobodys(target, sent):
    assert vendors.vendor(target, headers(sent)) is None


HOSTS = ("anthropic.com", "openai.com", "chatgpt.com", "googleapis.com", "githubcopilot.com", "amazonaws.com", "amazonaws.com.cn")


@settings(max_examples=200)
@given(
    st.text(st.sampled_from("/v1betamodelprojectslocations.:@#?%&=\\ \r\n-0é"), max_size=80)
    | st.from_regex(r"/v1/projects/p/locations/[^/]{1,20}/x", fullmatch=True),
    st.sampled_from([{}, KEY, OAUTH, {"x-api-key": "k"}, {"chatgpt-account-id": "1"}])
    | st.from_regex(r"AWS4-HMAC-SHA256 Credential=a/20260101/[^/]{1,30}/bedrock/", fullmatch=True).map(lambda v: {"Authorization": v}),
)
def test_no_request_names_a_host(target, sent):
    for whose in [vendors.vendor("/" + target, headers(sent)), Vendor.VERTEX, Vendor.BEDROCK]:
        place = vendors.public(whose, "/" + target, headers(sent)) if whose else None
        if place is not None:
            host = place.base.removeprefix("https://").partition("/")[0]
            assert host.endswith(HOSTS)
            assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
