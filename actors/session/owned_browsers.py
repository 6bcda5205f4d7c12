"""The life of a worker's browser as whoever supervises it sees it: kill, confirm, clear away. Both modes share it.

A worker is a thread and a browser. The browser is killed through its host, which frees the thread from any call of the
browser; what frees it from its other waits, and keeps it from starting a browser after all, is its revocation.
"""

from __future__ import annotations

import logging

import attrs

from actors.worker.watch import Revocations
from contracts.ports import BrowserHost, Owner

log = logging.getLogger("purser.session")


@attrs.frozen
class OwnedBrowsers:
    """Ends the browsers of a crew, from threads that do not use them.

    Args:
        host: Where they live.
        revocations: Found by the threads that use them.
    """

    host: BrowserHost
    revocations: Revocations

    def kill(self, owner: Owner) -> None:
        """Take a browser away. Returns at once; whoever is in a call of it is freed.

        Whether it is gone is another question, and `confirm_gone` answers it: a host that raises here only says less.
        """
        self.revocations.revoke(owner)
        try:
            self.host.kill(owner)
        except Exception:  # boundary: the place where browsers live; whoever asks is ending something
            log.exception("Killing the browser of %s generation %d failed.", owner.worker, owner.generation)

    def confirm_gone(self, owner: Owner, timeout: float) -> bool:
        """Wait up to `timeout` seconds until nothing of it lives; whether that is so."""
        return self.host.wait_gone(owner, timeout)

    def clear(self, owner: Owner) -> None:
        """Delete what a browser that is gone has left."""
        self.host.forget(owner)
        self.revocations.forget(owner)

    def kill_all(self) -> tuple[Owner, ...]:
        """Take every browser away, and let nobody who is just beginning start one; return whose there were."""
        for owner in self.revocations.owners():
            self.revocations.revoke(owner)
        live = self.host.live_owners()
        for owner in live:
            self.kill(owner)
        return live

    def confirm_all_gone(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for each until none lives; whether that is so."""
        return all(self.host.wait_gone(owner, timeout) for owner in self.host.live_owners())
