"""A change carried out: the file written, and remembered as written.

A user may think about a question for a minute, and another session end meanwhile. So what is remembered is the change alone, made to what is known
by then.
"""

from __future__ import annotations

from pathlib import Path

from headroom_wrap.learn.proposal import Change
from headroom_wrap.learn.state import Memory, Record
from headroom_wrap.learn.writer import WriteError, write


def apply(change: Change, record: Record, memory: Memory) -> Record:
    """Write a file and remember what stands in it now. Returns the record with it.

    Args:
        change: what becomes of the file.
        record: what was known of the project when that was worked out.
        memory: where it is remembered.

    Raises:
        WriteError: the file was changed meanwhile or cannot be written, or what was written cannot be remembered.
    """
    if change.changes:
        write(change.held, change.after)
    if change.written(record) == record:
        return record
    try:
        return memory.update(Path(record.project), change.written)
    except OSError as error:
        raise WriteError(f"{change.shown} was written, but that cannot be remembered: {error}.") from None


def refuse(change: Change, record: Record, memory: Memory) -> Record:
    """Remember that the user does not want what a change would add. Returns the record with it.

    Raises:
        OSError: it cannot be remembered.
    """
    added = {i: said for i, said in change.merged.written.items() if said in change.merged.added}
    return memory.update(Path(record.project), lambda known: known.refusing({**change.merged.refused, **added}))
