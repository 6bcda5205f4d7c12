"""The `purser` command: reads what a person wants, drives a session, and shows how it goes."""

from __future__ import annotations
