"""Command-line flags made from the table of settings, so that help and config.toml cannot drift apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from headroom_wrap.config import OPTIONS, Option

_Command = TypeVar("_Command", bound=Callable[..., Any])


def settings(*keys: str) -> Callable[[_Command], _Command]:
    """Add the flags for these settings to a command; their values arrive as keyword arguments, None or () where not given."""

    def add(command: _Command) -> _Command:
        for option in reversed([o for o in OPTIONS if o.key in keys]):
            command = _flag(option)(command)
        return command

    return add


def _flag(option: Option) -> Callable[[_Command], _Command]:
    name = option.on_command_line
    text = f"{option.help} [{option.env}]"
    if isinstance(option.default, bool):
        return click.option(f"{name}/--no-{name[2:]}" if option.default else name, option.key, default=None, is_flag=True, help=text)
    if isinstance(option.default, int):
        return click.option(name, option.key, type=int, default=None, help=text)
    if isinstance(option.default, tuple):
        return click.option(name, option.key, default=(), callback=_names, help=text)
    kind: click.ParamType[Any] = click.Choice(option.choices) if option.choices else click.STRING
    return click.option(name, option.key, type=kind, default=None, help=text)


def _names(_: click.Context, __: click.Parameter, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return ()
