"""What comes in from files and goes out to them: orders, settings, results and reports. Never touches the network."""

from __future__ import annotations

from actors.tables.orders_csv import create_po_tasks_from_csv as create_po_tasks_from_csv, read_orders as read_orders
from actors.tables.replacing import backup_path as backup_path, check_target as check_target
from actors.tables.report_json import report_text as report_text, write_report as write_report
from actors.tables.results_csv import (
    holds_results as holds_results,
    pair_outcomes as pair_outcomes,
    was_visited as was_visited,
    write_results as write_results,
)
from actors.tables.rows import BadRow as BadRow, OrderFile as OrderFile, OrderRow as OrderRow, Row as Row
from actors.tables.run_settings import (
    DEFAULT_WORKERS as DEFAULT_WORKERS,
    SESSION_SETTINGS as SESSION_SETTINGS,
    RunSettings as RunSettings,
)
from actors.tables.settings_file import read_environment as read_environment, read_settings_file as read_settings_file
