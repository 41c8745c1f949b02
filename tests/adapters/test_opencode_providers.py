from __future__ import annotations

from typing import Any

import pytest

from adapters.opencode_providers import KNOWN, ZEN, address, catalogue, reachable

CACHED = {
    "acme": {"env": ["ACME_KEY"], "npm": "@ai-sdk/openai-compatible", "api": "https://api.acme.example/v1", "models": {"a": {}}},
    "split": {
        "env": ["SPLIT_KEY"],
        "npm": "@ai-sdk/openai",
        "api": "https://s.example/v1",
        "models": {"b": {"provider": {"api": "https://t.example"}}},
    },
    "same": {"env": [], "npm": "@ai-sdk/openai", "api": "https://s.example/v1", "models": {"b": {"provider": {"api": "https://s.example/v1/"}}}},
    "anthropic": {"env": ["ANTHROPIC_API_KEY"], "npm": "@ai-sdk/anthropic", "models": {}},
    "holes": {"env": ["HOLES_HOST", "HOLES_KEY"], "npm": "@ai-sdk/openai-compatible", "api": "https://${HOLES_HOST}/v1"},
    "strange": {"npm": "nobody-knows"},
    "github-copilot": {"env": ["GITHUB_TOKEN"], "npm": "@ai-sdk/openai-compatible", "api": "https://api.githubcopilot.com"},
}


def where(name: str, own: dict[str, Any] | None = None, environ: dict[str, str] | None = None) -> str:
    config = {"provider": {name: own}} if own is not None else {}
    return address(name, config, catalogue(CACHED), environ or {})


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("acme", "https://api.acme.example/v1"),
        ("same", "https://s.example/v1"),
        ("anthropic", "https://api.anthropic.com/v1"),
        ("groq", KNOWN["groq"].address),
        ("split", ""),
        ("strange", ""),
        ("holes", ""),
        ("github-copilot", ""),
        ("amazon-bedrock", ""),
        ("nowhere", ""),
    ],
)
def test_where_requests_go_unless_the_user_says_otherwise(name: str, wanted: str) -> None:
    assert where(name) == wanted


def test_holes_are_filled_from_the_environment() -> None:
    assert where("holes", environ={"HOLES_HOST": "h.example"}) == "https://h.example/v1"
    assert where("mine", {"options": {"baseURL": "${A}/v1"}}, {"A": "http://a.example"}) == "http://a.example/v1"
    assert where("mine", {"options": {"baseURL": "{file:~/url}"}}) == ""


@pytest.mark.parametrize("name", ["anthropic", "split", "github-copilot", "mine"])
def test_the_users_address_goes_before_all(name: str) -> None:
    assert where(name, {"options": {"baseURL": "https://gw.example/x/"}}) == "https://gw.example/x"


def test_what_is_signed_goes_where_it_says() -> None:
    assert where("amazon-bedrock", {"options": {"baseURL": "https://gw.example"}}) == ""


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({"npm": "@ai-sdk/anthropic"}, "https://api.anthropic.com/v1"),
        ({"api": "https://own.example/v1"}, "https://own.example/v1"),
        ({}, ""),
        ({"npm": "@ai-sdk/anthropic", "models": {"a": {"provider": {"api": "https://other.example"}}}}, ""),
        ({"npm": 3, "models": 4, "options": 5}, ""),
    ],
)
def test_providers_of_the_users_own(own: dict[str, Any], wanted: str) -> None:
    assert where("mine", own) == wanted


@pytest.mark.parametrize(
    "own", [{"npm": "@ai-sdk/openai"}, {"api": "https://a.example"}, {"models": {"m": {"provider": {"api": "https://a.example"}}}}]
)
def test_a_known_provider_with_another_form_is_left_alone(own: dict[str, Any]) -> None:
    assert where("anthropic", own) == ""


def test_who_can_be_reached() -> None:
    known = catalogue(CACHED)
    auth = {"groq": {"type": "api", "key": "k"}, "https://corp.example": {"type": "wellknown"}, "bad": 1}
    found = reachable({"provider": {"mine": {}, "bad": 1}}, auth, {"ACME_KEY": "k", "SPLIT_KEY": ""}, known)
    assert found == ["mine", "acme", "groq", ZEN]


def test_who_is_switched_off_is_not() -> None:
    environ = {"ANTHROPIC_API_KEY": "k", "GROQ_API_KEY": "k"}
    assert reachable({"disabled_providers": ["groq", ZEN]}, {}, environ, KNOWN) == ["anthropic"]
    assert reachable({"enabled_providers": ["groq"]}, {}, environ, KNOWN) == ["groq"]
    assert reachable({"enabled_providers": "groq", "disabled_providers": 1}, {}, environ, KNOWN) == ["anthropic", "groq", ZEN]


@pytest.mark.parametrize("cached", [None, [], {"a": 1}, {"a": {"env": "X", "api": 1, "npm": []}}])
def test_a_catalogue_of_another_shape_is_none(cached: object) -> None:
    found = catalogue(cached)
    assert set(KNOWN) <= set(found)
    assert address("a", {}, found, {}) == ""
