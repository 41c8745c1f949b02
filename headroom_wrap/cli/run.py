"""``headroom run -- COMMAND``: any command, its output made smaller where no person reads it."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from headroom_wrap import config
from headroom_wrap.cli import standard
from headroom_wrap.cli.options import settings
from headroom_wrap.errors import UserError
from headroom_wrap.supervisor.status import ExecError, Exit, leave


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.argument("command_line", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND [ARGUMENTS]")
@click.option("--query", default="", help="What is looked for: it is never left out.")
@click.option("--hold", type=click.FloatRange(min=0), default=60.0, metavar="SECONDS", help="After so long pass everything on as it comes; 0: never.")
@click.option("--account", type=click.Path(dir_okay=False, path_type=Path), default=None, metavar="FILE", help="Append what was saved to FILE.")
@settings("profile", "off", "floor_tokens", "disabled")
def command(command_line: tuple[str, ...], query: str, hold: float, account: Path | None, **flags: Any) -> None:
    """Run COMMAND and print what it writes, made smaller; what is left out stays retrievable.

    Exit status, signals, standard input and standard error are the command's own. On a terminal the command is run as it is. So is what
    it writes passed on where it is no text, above 8 MB, or when the command has not ended in time.
    """
    in_force = config.load(config.surroundings(), flags)
    env = in_force.surroundings.environ
    # A terminal, where a person reads, or /dev/null, where nobody does.
    if in_force.off or stat.S_ISCHR(os.fstat(1).st_mode):
        _become(command_line, env)
    from headroom_wrap.run import capture

    def late() -> bytes:
        return f"headroom run: not ended after {hold:g} s: its output follows as it comes.\n".encode()

    def finish(output: bytes, end: Exit) -> bytes:
        from headroom_wrap.run.account import note
        from headroom_wrap.run.shrink import shrink

        printed = shrink(output, command_line, failed=end.code != 0, query=query, config=in_force)
        if printed.trouble:
            standard.say(f"headroom run: {printed.trouble}\n")
        if account is not None and printed.compressor:
            note(account, printed.before, printed.after)
        return printed.data

    try:
        end = capture.run(command_line, env, limits=capture.Limits(hold), late=late, finish=finish)
    except ExecError as error:
        raise _not_run(error) from None
    leave(end)


def _become(argv: Sequence[str], env: Any) -> NoReturn:
    for name in ("SIGPIPE", "SIGXFSZ"):  # the interpreter ignores them; a program expects their default
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    sys.stdout.flush()
    try:
        os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 - the user's own command
    except OSError as error:
        raise _not_run(ExecError(argv[0], error.errno or 0)) from None


def _not_run(error: ExecError) -> UserError:
    return UserError(f"{error}.", status=error.returncode)
