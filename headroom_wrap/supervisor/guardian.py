"""The last one standing: a small `sh` that repairs the terminal and ends the agent if the supervisor is killed."""

from __future__ import annotations

import os
import select

from headroom_wrap.supervisor.spawn import spawn
from headroom_wrap.supervisor.status import ExecError

# On descriptor 3 the user's terminal, on 0 the orders of the supervisor, one a line; on 1 we say when the settings are
# known. `kill -s HUP -- -N`, because dash takes `-HUP -- -N` for an illegal number. The leader alone decides whether to
# kill: what ignores the hangup on purpose (nohup) and is no more than a child of the agent is left in peace.
_SCRIPT = """
trap '' HUP INT QUIT TERM TSTP TTIN TTOU PIPE
saved=$(stty -g <&3) && echo ready
exec >/dev/null
undo= agent=
while IFS= read -r line; do
  case $line in
    bye) exit 0 ;;
    'agent '*) agent=${line#agent } ;;
    'undo '*) undo=${line#undo } ;;
    park) undo= parked=1 ;;
    unpark) parked= ;;
  esac
done
if [ -n "$agent" ]; then
  kill -s HUP -- "-$agent"
  kill -s CONT -- "-$agent"
  (sleep "$grace"; kill -s 0 "$agent" && kill -s KILL -- "-$agent") 3>&- &
fi
if [ -z "$parked" ]; then
  [ -n "$saved" ] && stty "$saved" <&3
  printf "$undo" >&3
fi
wait
"""

_READY_WITHIN_MS = 2000


class Guardian:
    """The guardian's process, in a session of its own so that no signal for ours reaches it. `close` ends it in peace."""

    def __init__(self, tty: int, *, grace: float) -> None:
        """Start it on the terminal `tty`, whose settings of now it will restore. `grace`: seconds, as for the shim."""
        orders, self._writer = os.pipe()
        self._ready, ready = os.pipe()
        os.set_blocking(self._writer, False)
        self._pid: int | None = None

        def prepare() -> None:
            os.setsid()
            terminal = os.dup(tty)  # above 3: `tty` may be one of those that are replaced now
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(orders, 0)
            os.dup2(ready, 1)
            os.dup2(null, 2)
            os.dup2(terminal, 3)

        try:
            environment = {"PATH": os.defpath, "grace": f"{grace:.2f}", "parked": ""}
            self._pid = spawn(["/bin/sh", "-c", _SCRIPT], environment, cwd="/", prepare=prepare)
        except ExecError:  # a system without sh: everything but this last net works
            pass
        finally:
            os.close(orders)
            os.close(ready)

    def wait_ready(self) -> None:
        """Return when it knows the terminal's settings; only then may they be changed."""
        if self._ready < 0:
            return
        poller = select.poll()
        poller.register(self._ready, select.POLLIN)
        poller.poll(_READY_WITHIN_MS)
        os.close(self._ready)
        self._ready = -1

    def agent(self, group: int) -> None:
        """Tell it which process group to end."""
        self._order(b"agent %d" % group)

    def undo(self, data: bytes) -> None:
        """Tell it what to write to the terminal. The newest order stands."""
        self._order(b"undo " + b"".join(b"\\%03o" % byte for byte in data))  # octal: a format string for printf

    def park(self, *, parked: bool) -> None:
        """While we are stopped the terminal is the shell's: then only the agent is to be ended."""
        self._order(b"park" if parked else b"unpark")

    def _order(self, line: bytes) -> None:
        try:
            os.write(self._writer, line + b"\n")
        except OSError:  # it was killed, or stopped with its pipe full: work goes on without it
            pass

    def close(self) -> None:
        """The end was a good one: dismiss it and reap it."""
        self._order(b"bye")
        os.close(self._writer)
        if self._ready >= 0:
            os.close(self._ready)
        if self._pid is not None:
            os.waitpid(self._pid, 0)
