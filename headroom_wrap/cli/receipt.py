"""The receipt of a session that has just ended, as text."""

from __future__ import annotations

from headroom_wrap import state
from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.ledger.summary import summarise, text_receipt
from headroom_wrap.supervisor.instructions import Instructions
from headroom_wrap.supervisor.processes import Processes
from headroom_wrap.supervisor.session import Ended
from pipeline.store.api import StoreError

_NAMED = 3


def session_receipt(ended: Ended, settings: Config) -> str:
    """What the session cost, what it would have cost, and what the user should know; every line begins with ``headroom:`` or is indented."""
    if not ended.plan.routed:
        return _tool_output(ended)
    view = ended.view
    lines = []
    if view.trouble is not None:
        lines.append(f"headroom: {view.trouble.message}\n")
    if not view.requests and ended.exit.code == 0:  # perhaps it was only opened and left without a question
        lines.append(f"headroom: no request came through Headroom. If {view.agent} talked to its model all the same, it was NOT ROUTED.\n")
        return "".join(lines)
    if not view.requests:
        lines.append(f"headroom: NOT ROUTED: {view.agent} ended without one request through Headroom, so nothing was compressed or counted.\n")
        return "".join(lines)
    try:
        store = state.open_store(settings)
    except UserError as error:
        return "".join([*lines, f"headroom: no receipt: {error.message}\n"])
    try:
        receipts = [r for session in view.sessions for r in store.receipts(session=session, since=ended.began)]
    except StoreError as error:
        return "".join([*lines, f"headroom: no receipt: {error}\n"])
    finally:
        store.close()
    if receipts:
        lines.append(text_receipt(summarise(receipts), title="headroom: this session"))
    elif view.trouble is None:
        lines.append(f"headroom: {view.requests} requests and no answer that was charged for.\n")
    sentences = [*instruction_lines(view.history.instructions), *process_lines(view.agent, ended.processes)]
    lines += [f"headroom: {sentence}\n" for sentence in sentences]
    return "".join(lines)


def instruction_lines(known: Instructions) -> list[str]:
    """What an agent's instruction files weigh and what became of them, in two sentences at most; none where there are none."""
    lines = []
    if known.standing:
        standing = [file for file in known.files if file.always]
        named = ", ".join(file.path for file in standing[:_NAMED]) + (f" and {len(standing) - _NAMED} more" if len(standing) > _NAMED else "")
        paths = {file.path for file in standing}
        twice = next((d for d in known.duplicates if d.first in paths and d.second in paths), None)
        also = f"; ~{twice.tokens:,} of them stand in {twice.first} and again in {twice.second}" if twice else ""
        lines.append(f"every request carries ~{known.standing:,} tokens of instructions ({named}){also}.")
    if known.changes:
        by_path = {change.path: change for change in known.changes}  # the last one of each
        told = [f"{path} ({change.who.value})" for path, change in by_path.items()]
        more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
        lines.append(f"instructions changed during the session: {', '.join(told[:_NAMED])}{more}.")
    return lines


def process_lines(agent: str, processes: Processes) -> list[str]:
    """What an agent left running, and what became of it; nothing is said of an agent that cleaned up."""
    lines = []
    for ended, said in ((True, f"ended what {agent} left running"), (False, f"{agent} started what still runs, detached from it")):
        told = [f"{p.command} (process {p.pid}, {p.memory / 1e6:,.0f} MB)" for p in processes.left if p.ended is ended]
        if told:
            lines.append(f"{said}: {', '.join(told[:_NAMED])}{f' and {len(told) - _NAMED} more' if len(told) > _NAMED else ''}.")
    return lines


def _tool_output(ended: Ended) -> str:
    """What is known where the model's traffic does not come through us: what commands printed, and no dollars."""
    saved = ended.saved
    what = (
        f"{saved.results} outputs of commands, ~{saved.before:,} → ~{saved.after:,} tokens"
        if saved.results
        else "no output of a command was long enough"
    )
    return "".join([f"headroom: {what}.\n", *(f"headroom: {sentence}\n" for sentence in ended.plan.losses)])
