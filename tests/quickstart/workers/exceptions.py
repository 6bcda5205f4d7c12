"""The old place of the errors."""

from contracts.errors import *  # noqa: F403 - every error there is, as the old module offered them
