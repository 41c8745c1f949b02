"""A change carried out: the file written, and remembered as written."""

from __future__ import annotations

from headroom_wrap.learn.proposal import Change
from headroom_wrap.learn.state import Memory, Record
from headroom_wrap.learn.writer import WriteError, write


def apply(change: Change, record: Record, memory: Memory) -> Record:
    """Write a file and remember what stands in it now. Returns the record with it.

    Raises:
        WriteError: the file was changed meanwhile or cannot be written, or what was written cannot be remembered.
    """
    if change.changes:
        write(change.held, change.after)
    after = change.written(record)
    if after != record:
        try:
            memory.save(after)
        except OSError as error:
            raise WriteError(f"{change.shown} was written, but that cannot be remembered: {error}.") from None
    return after


def refuse(change: Change, record: Record, memory: Memory) -> Record:
    """Remember that the user does not want what a change would add. Returns the record with it.

    Raises:
        OSError: it cannot be remembered.
    """
    added = {i: said for i, said in change.merged.written.items() if said in change.merged.added}
    after = Record(record.project, record.files, {**record.refused, **change.merged.refused, **added})
    memory.save(after)
    return after
