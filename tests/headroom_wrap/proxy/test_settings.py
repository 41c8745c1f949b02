from __future__ import annotations

import pytest

from headroom_wrap.proxy import settings
from headroom_wrap.proxy.settings import ProxyConfig
from pipeline.policy import Policy, Profile
from pipeline.transcript import ToolKind


def test_settings_travel_as_json():
    config = ProxyConfig(
        upstream="https://api.example", state="/s", profile="aggressive", exclude_tools=("Bash",), tool_kinds={"Grep": "search"}, secret="ü"
    )
    assert settings.decode(config.encode()) == config
    assert config.policy == Policy(Profile.AGGRESSIVE, exclude_tools=frozenset({"Bash"}), tool_kinds={"Grep": ToolKind.SEARCH})
    assert config.where == str(config.database) == "/s/headroom.db"


def test_the_defaults_are_the_policys():
    policy = ProxyConfig(upstream="u", state="s").policy
    assert (policy.profile, policy.floor_tokens, policy.elide) == (Policy().profile, Policy().floor_tokens, Policy().elide)


@pytest.mark.parametrize("text", ["", "{}", '{"upstream": 1, "state": ""}', "[]", '{"upstream": "u", "state": "s", "port": "1"}'])
def test_what_is_no_settings_is_refused(text):
    with pytest.raises(ValueError):
        settings.decode(text)
