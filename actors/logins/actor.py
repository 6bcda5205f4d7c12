"""The login broker as an actor: tells the dispatcher what its core decides."""

from __future__ import annotations

from actors.logins.core import LoginBook, LoginBrokerCore
from actors.runtime import Actor, Context
from contracts.messages import LoginBrokerMessage
from contracts.ports import CredentialSource


class LoginBroker(Actor):
    """Owns the logins of one tree.

    Args:
        context: Its place in the system.
        credentials: Where user names and passwords come from; asked once a host.
        book: What outlives this generation.
        dispatcher: Name of the dispatcher.
    """

    def __init__(self, context: Context, credentials: CredentialSource, book: LoginBook, dispatcher: str) -> None:
        super().__init__(context)
        self._core = LoginBrokerCore(credentials, book)
        self._dispatcher = dispatcher

    def on_receive(self, message: LoginBrokerMessage) -> None:
        """Take one message."""
        for effect in self._core.handle(message):
            self.context.tell(self._dispatcher, effect)
