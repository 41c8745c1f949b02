"""Mounts before vendors' settings, these before the upstream of all, that before public addresses, and else nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from headroom_wrap.proxy.routes import NoRoute, Rules
from headroom_wrap.proxy.vendors import Place, Vendor

MOUNTED = Rules(mounts={"p-openai": "https://api.openai.com", "p-gw": "https://gw.example/x/"}, upstream="https://api.anthropic.com")


@pytest.mark.parametrize(
    ("target", "base", "onward"),
    [
        ("/p-openai/v1/responses", "https://api.openai.com", "/v1/responses"),
        ("/p-gw/chat/completions?a=/b", "https://gw.example/x/", "/chat/completions?a=/b"),
        ("/p-gw", "https://gw.example/x/", ""),
        ("/p-gw/", "https://gw.example/x/", "/"),
        ("/p-gw?x", "https://gw.example/x/", "?x"),
        ("/v1/messages", "https://api.anthropic.com", "/v1/messages"),
        ("/p-openai2/v1", "https://api.anthropic.com", "/p-openai2/v1"),
    ],
)
def test_named_upstreams_of_an_agent(target, base, onward):
    assert MOUNTED.place(target, CIMultiDict()) == Place(base, onward)


def test_a_wrapped_agents_one_upstream_takes_everything_as_it_is():
    rules = Rules(upstream="https://gw.example/v1")
    assert rules.place("/v1/messages", CIMultiDict()) == Place("https://gw.example/v1", "/v1/messages")
    assert rules.place("/v1beta/models/x", CIMultiDict()) == Place("https://gw.example/v1", "/v1beta/models/x")


@pytest.mark.parametrize(
    ("base", "target", "onward"),
    [
        ("http://vllm:8000/v1", "/v1/chat/completions", "/chat/completions"),
        ("http://vllm:8000/v1", "/chat/completions", "/chat/completions"),
        ("http://vllm:8000", "/v1/chat/completions", "/v1/chat/completions"),
        ("http://vllm:8000/", "/v1/chat/completions", "/v1/chat/completions"),
        ("https://gw.example/openai/v1/", "/v1/embeddings?a=1", "/embeddings?a=1"),
        ("https://gw.example/v1/x", "/v1/embeddings", "/v1/embeddings"),
    ],
)
def test_a_version_is_written_once_for_a_vendors_base(base, target, onward):
    headers = CIMultiDict({"Authorization": "Bearer sk-1"})
    assert Rules(vendors={"openai": base}).place(target, headers) == Place(base, onward)


def test_a_vendors_own_setting_goes_before_the_upstream_of_all():
    rules = Rules(vendors={"openai": "http://vllm:8000"}, upstream="https://gw.example")
    assert rules.place("/v1/chat/completions", CIMultiDict()).base == "http://vllm:8000"
    assert rules.place("/v1/messages", CIMultiDict()).base == "https://gw.example"
    assert rules.place("/anything", CIMultiDict()).base == "https://gw.example"


def test_public_addresses_are_for_a_proxy_that_is_told_so():
    headers = CIMultiDict({"x-api-key": "k"})
    assert Rules(public=True).place("/v1/messages", headers) == Place("https://api.anthropic.com", "/v1/messages")
    with pytest.raises(NoRoute):
        Rules().place("/v1/messages", headers)
    bearer = CIMultiDict({"Authorization": "Bearer sk-1"})
    for target in ("/v1/responses", "/responses"):
        assert Rules(public=True).place(target, bearer) == Place("https://api.openai.com/v1", "/responses")


def test_what_is_missing_is_named():
    with pytest.raises(NoRoute, match=r"/foo .*--upstream"):
        Rules(public=True).place("/foo?secret=1", CIMultiDict())
    with pytest.raises(NoRoute, match=r"Azure OpenAI.*--azure-upstream"):
        Rules(public=True).place("/openai/deployments/d/chat/completions", CIMultiDict())
    with pytest.raises(NoRoute, match="--bedrock-upstream"):
        Rules(public=True).place("/model/m/invoke", CIMultiDict())


@given(st.text(max_size=60))
def test_a_vendor_that_is_named_keeps_to_its_base(target):
    rules = Rules(vendors={v.value: f"https://{v.value}.example" for v in Vendor}, public=True)
    try:
        place = rules.place("/" + target, CIMultiDict({"x-api-key": "k"}))
    except NoRoute:
        return
    assert place.base.endswith(".example")
