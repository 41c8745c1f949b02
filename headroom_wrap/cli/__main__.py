"""``headroom``: the one place where a user's mistake becomes a sentence."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from headroom.version import VERSION


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of the ``headroom`` command. Does not return."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:  # asked for by scripts, and answered without loading what commands need
        print(f"headroom {VERSION}")
        sys.exit(0)
    from headroom_wrap.cli import standard

    standard.reopen()
    if given[:3] == ["mcp", "serve", "--state"] and len(given) == 4:  # as agents start it, who wait for its first answer
        from headroom_wrap.mcp.__main__ import main as serve

        sys.exit(serve(given[2:]))
    import click

    from headroom_wrap.cli.commands import cli
    from headroom_wrap.errors import UserError

    try:
        status = cli.main(args=given, prog_name="headroom", standalone_mode=False)
    except UserError as error:
        click.echo(f"headroom: {error.message}{' ' + error.hint if error.hint else ''}", err=True)
        sys.exit(error.status)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output went away, as `headroom show … | head` does
        sys.stderr.close()
        sys.exit(141)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
