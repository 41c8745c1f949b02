"""The details page of a session, with the key and the store of its settings."""

from __future__ import annotations

from collections.abc import Callable

from headroom_wrap.config import Config
from headroom_wrap.errors import UserError
from headroom_wrap.events import Block
from headroom_wrap.supervisor.details import Details, Texts
from headroom_wrap.supervisor.view import SessionView
from headroom_wrap.terminal.keys import control


def key(config: Config) -> bytes:
    """The control character that opens the details; empty for none.

    Raises:
        UserError: the setting names no key that can be had.
    """
    try:
        return control(config.panel_key)
    except ValueError:
        raise UserError(
            f"panel_key = {config.panel_key!r} is no key that Headroom can take.", "It may be ctrl-\\\\, ctrl-], ctrl-g and so on, or off."
        ) from None


def hint(config: Config) -> str:
    """How the panel tells of the key."""
    pressed = key(config)
    return f"Ctrl-{chr(pressed[0] + 0x40)} details" if pressed else ""


def details(view: SessionView, config: Config, look: Callable[[], None]) -> Details:
    """The page of a session; `look` is called when it is looked at, beside the view's own."""

    def read(block: Block) -> Texts | str:
        # Imported and opened at the first look, for a session without one to start sooner.
        from headroom_wrap import state
        from pipeline.store.api import StoreError

        try:
            store = state.open_store(config, report=None)
        except UserError as error:
            return str(error)
        try:
            original = store.original(block.handle)
            decision = store.decisions([block.key]).get(block.key)
        except StoreError as error:
            return str(error)
        finally:
            store.close()
        if original is None or decision is None or decision.text is None:
            return "The store does not have it (any more)."
        return Texts(original.text, decision.text)

    def looked() -> None:
        view.looked()
        look()

    return Details(view.history, read, key=key(config), color=config.surroundings.color, looked=looked)
