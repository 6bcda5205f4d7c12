"""What the demo portal remembers while it runs: logins, counters, and which faults still strike."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any

from scripts.portal.content import DemoFile, DemoOrder, build_orders
from scripts.portal.options import (
    PASSWORD as PASSWORD,
    USERNAME as USERNAME,
    Fault,
    FaultKind,
    FaultPlan,
    PortalConfig,
)

COOKIE = "_demo_session"


class PortalState:
    """The portal's memory. Used by the server's one thread only."""

    def __init__(self, config: PortalConfig) -> None:
        self.config = config
        self.orders: dict[str, DemoOrder] = build_orders(config)
        self.files: dict[str, DemoFile] = {file.key: file for order in self.orders.values() for file in order.files}
        self.requisitions = {order.requisition: order for order in self.orders.values() if order.requisition}
        self.down = config.down
        self.page_latency_ms = config.page_latency_ms
        self.file_latency_ms = config.file_latency_ms
        self._faults: dict[str, tuple[Fault, ...]] = dict(config.faults)
        self._struck: Counter[tuple[str, Fault]] = Counter()
        self._expire_at = set(config.expire_at_requests)
        self._sessions: set[str] = set()
        self._counted: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()
        self._file_requests: Counter[str] = Counter()

    def find_order(self, number: str) -> DemoOrder | None:
        """The order with that number; its digits alone do as well."""
        return self.orders.get(number) or self.orders.get(self.config.prefix + number)

    # ---------------------------------------------------------------------------------------------------------- logins

    def log_in(self, username: str, password: str) -> str | None:
        """Return a new session's cookie value, or None when name or password are wrong."""
        if (username, password) != (USERNAME, self.config.password):
            self._counted["failed_logins"] += 1
            return None
        self._counted["logins"] += 1
        session = self.config.session_mark + secrets.token_urlsafe(24)
        self._sessions.add(session)
        return session

    def is_logged_in(self, session: str | None) -> bool:
        """Whether a request with that cookie may see orders."""
        if not self.config.login_required or session in self._sessions:
            return True
        self._counted["turned_away"] += 1
        return False

    def expire_logins(self) -> int:
        """End every login and return how many there were."""
        count = len(self._sessions)
        self._sessions.clear()
        return count

    # --------------------------------------------------------------------------------------------------------- counting

    def count_request(self) -> None:
        """Note one request of any kind."""
        self._counted["requests"] += 1

    def count_protected(self) -> None:
        """Note one request for a page or file; the settings may want every login to end at it."""
        self._counted["protected"] += 1
        if self._counted["protected"] in self._expire_at:
            self.expire_logins()

    def count_page(self, number: str) -> None:
        """Note that an order's page was sent or refused by a fault."""
        self._pages[number] += 1

    def count_file(self, key: str) -> None:
        """Note that a file was asked for by somebody logged in."""
        self._file_requests[key] += 1

    def counters(self) -> dict[str, Any]:
        """Everything counted so far."""
        by_order: Counter[str] = Counter()
        for key, count in self._file_requests.items():
            by_order[self.files[key].order] += count
        names = ("requests", "protected", "logins", "failed_logins", "turned_away")
        return {name: self._counted[name] for name in names} | {
            "sessions": len(self._sessions),
            "pages": dict(self._pages),
            "files": dict(by_order),
            "file_keys": dict(self._file_requests),
        }

    def truth(self) -> dict[str, Any]:
        """What the portal serves: for each order its supplier and its files with name, size and SHA-256."""
        return {
            order.number: {
                "supplier": order.supplier,
                "requisition": order.requisition,
                "files": [
                    {
                        "name": file.name,
                        "size": file.size,
                        "sha256": file.sha256(),
                        "form": int(file.form),
                        "key": file.key,
                    }
                    for file in order.files
                ],
            }
            for order in self.orders.values()
        }

    # ----------------------------------------------------------------------------------------------------------- faults

    def set_faults(self, plan: FaultPlan, *, replace: bool) -> None:
        """Set the faults of the plan's orders; with `replace` all other orders become healthy."""
        if replace:
            self._faults.clear()
        self._faults.update(plan)
        for struck in [key for key in self._struck if replace or key[0] in plan]:
            del self._struck[struck]

    def strike(self, number: str, *, page: bool) -> list[Fault]:
        """The faults that strike this request for the order's page or file; each of them is used up by one."""
        striking = []
        for fault in self._faults.get(number, ()):
            if fault.kind.concerns_page is not page:
                continue
            if fault.times is not None and self._struck[number, fault] >= fault.times:
                continue
            self._struck[number, fault] += 1
            striking.append(fault)
        return striking

    def latency(self, faults: list[Fault], *, page: bool) -> float:
        """Seconds to wait before a page or a file."""
        usual = self.page_latency_ms if page else self.file_latency_ms
        slow = (FaultKind.PAGE_LATENCY, FaultKind.PAGE_SLOW, FaultKind.FILE_LATENCY)
        return usual / 1000 + sum(fault.pause for fault in faults if fault.kind in slow)
