"""Settings of the property tests: the same examples every time by default, many and fresh ones when asked for.

`pytest --hypothesis-profile=thorough` runs more of them, each time others.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.chromium", "tests.crash.summary", "tests.simulation.summary"]
# They must be known before their own tests are collected.

_SLOW_IS_FINE = (HealthCheck.too_slow,)  # a shared machine may be slow; time is not a property of these tests

settings.register_profile(
    "default",
    deadline=None,
    max_examples=100,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=2000,
    derandomize=False,
    database=None,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.load_profile("default")
