"""The gatekeeper as an actor: tells the dispatcher what its core decides."""

from __future__ import annotations

from actors.gatekeeper.core import GatekeeperCore, LoginBook
from actors.runtime import Actor, Context
from contracts.messages import GatekeeperMessage
from contracts.ports import CredentialSource


class Gatekeeper(Actor):
    """Owns the logins of one tree.

    Args:
        context: Its place in the system.
        credentials: Where user names and passwords come from; asked once a host.
        book: What outlives this generation.
        dispatcher: Name of the dispatcher.
    """

    def __init__(self, context: Context, credentials: CredentialSource, book: LoginBook, dispatcher: str) -> None:
        super().__init__(context)
        self._core = GatekeeperCore(credentials, book)
        self._dispatcher = dispatcher

    def on_receive(self, message: GatekeeperMessage) -> None:
        """Take one message."""
        for effect in self._core.handle(message):
            self.context.tell(self._dispatcher, effect)
