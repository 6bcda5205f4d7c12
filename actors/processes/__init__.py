"""The only place that looks at processes, signals them and measures the machine.

Kept bare on purpose: the watchdog imports this package in a process of its own and must start in a few milliseconds.
Import from `actors.processes.ledger`, `.reaper` and `.resources`.
"""
