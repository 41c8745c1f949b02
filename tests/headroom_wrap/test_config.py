from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from headroom_wrap.config import OPTIONS, Config, Surroundings, config_path, load, surroundings
from headroom_wrap.errors import UserError
from pipeline.policy import Profile


def around(tmp_path: Path, **environ: str) -> Surroundings:
    return Surroundings(
        MappingProxyType({"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), **environ}), tmp_path, tmp_path
    )


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "headroom").mkdir(exist_ok=True)
    (tmp_path / "headroom" / "config.toml").write_text(text)


def test_defaults(tmp_path: Path) -> None:
    found = load(around(tmp_path))
    assert found.profile is Profile.BALANCED
    assert found.state == tmp_path / "state" / "headroom"
    assert found.database == found.state / "headroom.db"
    assert {o.key for o in OPTIONS if not o.key.endswith("_upstream")} <= set(Config.__dataclass_fields__)
    assert found.upstreams == {}


def test_upstreams_by_vendor(tmp_path: Path) -> None:
    write(tmp_path, 'openai_upstream = "http://vllm:8000/v1/"\ngemini_upstream = "https://g.example"\n')
    found = load(around(tmp_path, HEADROOM_CODE_ASSIST_UPSTREAM="https://c.example"), {"gemini_upstream": "https://h.example"})
    assert found.upstreams == {"openai": "http://vllm:8000/v1", "gemini": "https://h.example", "code_assist": "https://c.example"}
    with pytest.raises(UserError, match="no http or https address"):
        load(around(tmp_path), {"azure_upstream": "res.openai.azure.com"})


@pytest.mark.parametrize("key", ["upstream", "openai_upstream"])
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("gw.example", "no http or https address"),
        ("ftp://gw.example", "no http or https address"),
        ("http:/gw.example", "no http or https address"),
        ("http://", "no host"),
        ("http:///v1", "no host"),
        ("https://:8443", "no host"),
        ("https://me:s3cret@", "no host"),
        ("http://[::1", "cannot be read"),
        ("http://[s3cret]/", "cannot be read"),
        ("https://gw.example:99999", "cannot be read"),
        ("https://gw.example:s3cret", "cannot be read"),
        ("https://gw.example:0", "cannot be read"),
        ("https://gw.example/v1?api-key=s3cret", "query"),
        ("https://gw.example/v1?", "query"),
        ("https://gw.example/v1#s3cret", "query"),
        ("https://gw .example", "white space"),
        ("https://gw.example/v1\n", "white space"),
        ("https://gw.example/v\x001", "white space"),
    ],
)
def test_an_upstream_to_which_no_path_can_be_added_is_refused_at_start(tmp_path: Path, key: str, address: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        load(around(tmp_path), {key: address})
    assert refused.value.message.startswith(f"{key} ")
    assert "s3cret" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1]:8000/v1",
        "https://me:s3cret@gw.example:8443/llm",
        "HTTPS://GW.example",
        "https://gw.example/https://api.example/v1",
        "https://gw.example/a%20b",
    ],
)
def test_an_upstream_stays_as_it_was_written(tmp_path: Path, address: str) -> None:
    assert load(around(tmp_path, HEADROOM_UPSTREAM=address + "/")).upstream == address


def test_a_store_is_a_file_or_a_url(tmp_path: Path) -> None:
    assert load(around(tmp_path)).where == str(tmp_path / "state" / "headroom" / "headroom.db")
    assert load(around(tmp_path, HEADROOM_STORE="redis://host/0")).where == "redis://host/0"
    with pytest.raises(UserError, match="of a kind that there is not") as refused:
        load(around(tmp_path), {"store": "ftp://me:secret@host/x"})
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("own.db", "{here}/own.db"),
        ("~/own.db", "{home}/own.db"),
        ("sqlite://a%3F/own.db?expire_days=9", "sqlite://{here}/a%3F/own.db?expire_days=9"),
        ("sqlite://~/own.db", "sqlite://{home}/own.db"),
        ("/srv/own.db", "/srv/own.db"),
        ("postgresql:///x?host=/run/pg", "postgresql:///x?host=/run/pg"),
    ],
)
def test_a_store_is_the_same_in_every_folder(private_home: Path, tmp_path: Path, named: str, meant: str) -> None:
    said = meant.format(here=tmp_path, home=private_home)
    assert load(around(tmp_path, HEADROOM_STORE=named)).where == said
    assert load(around(tmp_path), {"store": named}).where == said
    assert load(around(tmp_path), {"store": said}).where == said
    write(tmp_path, f'store = "{named}"\n')
    assert load(around(tmp_path)).where == meant.format(here=tmp_path / "headroom", home=private_home)


def test_what_config_toml_names_stands_beside_it(tmp_path: Path) -> None:
    write(tmp_path, 'state = "kept"\nstore = "../own.db"\n')
    elsewhere = replace(around(tmp_path), cwd=tmp_path / "elsewhere")
    found = load(elsewhere)
    assert (found.state, found.where) == (tmp_path / "headroom" / "kept", f"{tmp_path}/headroom/../own.db")
    flagged = load(elsewhere, {"store": "own.db", "state": "here"})
    assert (flagged.state, flagged.where) == (tmp_path / "elsewhere" / "here", f"{tmp_path}/elsewhere/own.db")
    relative = load(replace(around(tmp_path, XDG_CONFIG_HOME="."), cwd=tmp_path))
    assert relative.state.is_absolute()


@pytest.mark.parametrize("named", ["~no-such-user-here/x.db", "sqlite://~no-such-user-here/x.db"])
def test_a_store_in_the_home_of_nobody_is_a_sentence(tmp_path: Path, named: str) -> None:
    with pytest.raises(UserError, match="user who is not known") as refused:
        load(around(tmp_path, HEADROOM_STORE=named))
    assert "HEADROOM_STORE" in refused.value.hint


def test_a_flag_of_another_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--workers"):
        load(around(tmp_path), {"proxy_workers": -1})


def test_each_source_goes_before_the_one_below(tmp_path: Path) -> None:
    write(tmp_path, 'profile = "lossless"\nfloor_tokens = 100\nexclude_tools = ["A"]\n')
    file = load(around(tmp_path))
    assert (file.profile, file.floor_tokens, file.exclude_tools) == (Profile.LOSSLESS, 100, ("A",))
    env = load(around(tmp_path, HEADROOM_PROFILE="aggressive", HEADROOM_OFF="yes", HEADROOM_EXCLUDE_TOOLS="B, C"))
    assert (env.profile, env.off, env.exclude_tools, env.floor_tokens) == (Profile.AGGRESSIVE, True, ("B", "C"), 100)
    flags = load(around(tmp_path, HEADROOM_PROFILE="aggressive"), {"profile": "balanced", "off": None, "exclude_tools": ()})
    assert (flags.profile, flags.off, flags.exclude_tools) == (Profile.BALANCED, False, ("A",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profile = ", "not TOML"),
        ('profile = "fast"', "lossless or balanced or aggressive"),
        ("floor_tokens = -1", "a number"),
        ("off = 3", "true or false"),
        ('exclude_tools = "A"', "a list of names"),
        ("colour = 1", "no setting"),
        ('upstream = "api.anthropic.com"', "no http or https address"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UserError, match=said):
        load(around(tmp_path))


@pytest.mark.parametrize(("name", "value"), [("HEADROOM_OFF", "perhaps"), ("HEADROOM_FLOOR_TOKENS", "many"), ("HEADROOM_PANEL", "big")])
def test_bad_variables_are_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UserError, match=name):
        load(around(tmp_path, **{name: value}))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "headroom" / "config.toml").mkdir(parents=True)
    with pytest.raises(UserError, match="cannot be read"):
        load(around(tmp_path))


def test_surroundings_are_this_process_s(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    found = surroundings()
    assert found.home == private_home
    assert found.term == "xterm"
    assert not found.color
    assert config_path(found) == private_home / ".config" / "headroom" / "config.toml"


def test_state_falls_back_to_the_platform_s_folder(private_home: Path) -> None:
    state: Any = load(surroundings()).state
    assert str(state).startswith(str(private_home))


@pytest.mark.parametrize("named", ["state", "./state", "../here/state"])
def test_a_state_folder_is_absolute(tmp_path: Path, named: str) -> None:
    state = load(around(tmp_path, HEADROOM_STATE=named)).state
    assert state.is_absolute()
    assert state == tmp_path / named
    assert load(around(tmp_path, XDG_STATE_HOME=named)).state == tmp_path / named / "headroom"


def test_the_home_of_nobody_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="user who is not known"):
        load(around(tmp_path, HEADROOM_STATE="~no-such-user-here/x"))


@pytest.mark.parametrize("key", ["port", "proxy_port"])
def test_a_port_that_there_cannot_be_is_refused(tmp_path: Path, key: str) -> None:
    assert getattr(load(around(tmp_path), {key: 65535}), key) == 65535
    with pytest.raises(UserError, match="is not a number up to 65535"):
        load(around(tmp_path), {key: 70_000})
    with pytest.raises(UserError, match="is not a number up to 65535"):
        load(around(tmp_path, **{f"HEADROOM_{key.upper()}": "9" * 5000}))
