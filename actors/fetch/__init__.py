"""Files over HTTP, with the browser's own cookies and name. The only room that knows httpx."""

from __future__ import annotations

from actors.fetch.cookies import cookie_header as cookie_header
from actors.fetch.fetcher import HttpFetcher as HttpFetcher
