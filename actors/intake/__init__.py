"""What comes in from files and goes out to them: orders, settings, results and reports. Never touches the network."""

from __future__ import annotations

from actors.intake.orders_csv import create_po_tasks_from_csv as create_po_tasks_from_csv, read_orders as read_orders
from actors.intake.replacing import backup_path as backup_path, check_target as check_target
from actors.intake.report_json import report_text as report_text, write_report as write_report
from actors.intake.results_csv import (
    holds_results as holds_results,
    pair_outcomes as pair_outcomes,
    was_visited as was_visited,
    write_results as write_results,
)
from actors.intake.rows import BadRow as BadRow, OrderFile as OrderFile, OrderRow as OrderRow, Row as Row
from actors.intake.run_settings import DEFAULT_WORKERS as DEFAULT_WORKERS, RunSettings as RunSettings
from actors.intake.settings_file import read_environment as read_environment, read_settings_file as read_settings_file
