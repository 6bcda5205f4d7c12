"""Web addresses as a browser reads and sends them. Pure, and the only room that knows a URL library."""

from __future__ import annotations

from actors.addresses.web import (
    WebAddress as WebAddress,
    authority_of as authority_of,
    on_one_of as on_one_of,
    origin_of as origin_of,
    page_key as page_key,
    web_address as web_address,
)
