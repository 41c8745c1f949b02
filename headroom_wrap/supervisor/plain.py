"""Runs the agent where no terminal is to be relayed: it gets our own descriptors 0, 1 and 2, untouched."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Mapping, Sequence

from headroom_wrap.supervisor.signals import FORWARDED, Signals
from headroom_wrap.supervisor.sources import Sources
from headroom_wrap.supervisor.spawn import spawn
from headroom_wrap.supervisor.status import Exit

_ANSWER_WITHIN_MS = 1000

# A trap runs when `read` has been interrupted (status above 128, or 1 in dash if it came early) or has ended, so always
# before the answer. An end of the questions without a farewell is the end of the supervisor, by SIGKILL.
_WITNESS = (
    "; ".join(f"trap 'hit=1; printf \"{int(number)} \"' {int(number)}" for number in FORWARDED)
    + """; trap '' PIPE
printf '0. '
agent=
while :; do
  line= hit=
  read -r line
  case $? in
    0)
      case $line in
        bye) exit ;;
        'agent '*) agent=${line#agent } ;;
        *) printf '%s. ' "$line" ;;
      esac ;;
    1) [ -n "$hit" ] || break ;;
  esac
done
[ -n "$agent" ] || exit
kill -s TERM "$agent" || exit
kill -s CONT "$agent"
for second in 1 2 3 4 5; do
  sleep 1
  kill -s 0 "$agent" || exit
done
kill -s KILL "$agent"
"""
)


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: str | None,
    sources: Mapping[int, Callable[[], object]],
    held: Signals | None = None,
) -> Exit:
    """Run `argv` to its end while polling `sources`. The signals that are `held` are its, too. Raises ExecError.

    The agent stays in our process group, because it may be part of a pipeline whose other members need the terminal.
    So the terminal's own signals (Ctrl-C, Ctrl-Z, a hangup) reach it without us; one for us alone is forwarded.
    """
    witness = _Witness()
    try:
        with Signals((*FORWARDED, signal.SIGCHLD), held) as signals:
            early = [number for number in signals.read() if number in FORWARDED]  # while there is no agent to get them itself
            if early:
                witness.seen()
            pid = spawn(argv, env, cwd=cwd, prepare=lambda: witness.agent(os.getpid()))
            for number in early:
                os.kill(pid, number)
            end = _wait(pid, signals, sources, witness)
            witness.dismiss()
            return end
    finally:
        witness.close()


def _wait(pid: int, signals: Signals, callbacks: Mapping[int, Callable[[], object]], witness: _Witness) -> Exit:
    poller = select.poll()
    poller.register(signals.fd, select.POLLIN)
    sources = Sources(poller, callbacks)
    while True:
        end = _collect(pid)
        if end is not None:
            return end
        for fd, event in poller.poll():
            if fd in sources:
                sources.ready(fd, event)
                continue
            numbers = [number for number in signals.read() if number in FORWARDED]
            known = witness.seen() if numbers else set()
            for number in numbers:
                if number not in known:
                    os.kill(pid, number)


def _collect(pid: int) -> Exit | None:
    """The end of the agent, or None while it lives. Where it has stopped, we stop too, for the shell to see."""
    done, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
    if done == 0:
        return None
    if os.WIFSTOPPED(status):
        # Not SIGSTOP: the kernel ignores SIGTSTP where no shell could continue us.
        os.kill(os.getpid(), signal.SIGTSTP)
        return None
    return Exit.from_wait(status)


class _Witness:
    """A process in our group that tells a signal for the group from one for us alone, which a handler cannot.

    It notes the signals that it gets, and is asked for them whenever we got one. Should we be killed, it ends the agent: without us
    nothing would answer it, and it would try for minutes.
    """

    def __init__(self) -> None:
        question, self._asking = os.pipe()
        self._answers, answer = os.pipe()

        def prepare() -> None:
            os.dup2(question, 0)
            os.dup2(answer, 1)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 2)

        try:
            self._pid = spawn(["/bin/sh", "-c", _WITNESS], {"PATH": os.defpath}, cwd="/", prepare=prepare)
            self._questions = 0
            self._answer()  # its traps are set
        finally:
            os.close(question)
            os.close(answer)

    def agent(self, pid: int) -> None:
        """Tell it whom to end should we be killed."""
        self._tell(b"agent %d\n" % pid)

    def dismiss(self) -> None:
        """The agent has ended."""
        self._tell(b"bye\n")

    def seen(self) -> set[int]:
        """The signals that it got since the last call, those that we got before it included."""
        self._questions += 1
        return self._answer() if self._tell(b"%d\n" % self._questions) else set()

    def _tell(self, line: bytes) -> bool:
        try:
            os.write(self._asking, line)
        except BrokenPipeError:  # somebody has killed it: rather a signal twice than never
            return False
        return True

    def _answer(self) -> set[int]:
        """The signals up to the answer to the last question; an answer that came too late stands before it."""
        end = b"%d." % self._questions
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        text = b""
        while not text.endswith(end + b" ") and poller.poll(_ANSWER_WITHIN_MS):
            data = os.read(self._answers, 4096)
            if not data:
                break
            text += data
        return {int(word) for word in text.split() if not word.endswith(b".")}

    def close(self) -> None:
        os.close(self._asking)
        os.close(self._answers)
        os.waitpid(self._pid, 0)
