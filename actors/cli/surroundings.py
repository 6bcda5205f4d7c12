"""What a shell or a container may have left out and no run can do without: a current folder, names for files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from contracts.errors import ConfigurationError

SAMPLE = "\u00e9\u017e\u65e5"
"""Letters of several alphabets. Folders are named after suppliers, wherever they come from."""


def require_current_folder() -> None:
    """Return when there is a current folder.

    Raises:
        ConfigurationError: It was removed, or may not be looked at.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise ConfigurationError(
            f"The current folder cannot be used: {error.strerror or error}. Change into another one and run again."
        ) from error


def require_file_names() -> None:
    """Return when files can be given every name.

    Raises:
        ConfigurationError: The locale does not know all letters, and Python goes by it.
    """
    try:
        os.fsencode(SAMPLE)
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            f"Files cannot be given every name here: the locale's encoding is {sys.getfilesystemencoding()}. "
            "Set PYTHONUTF8=1, or a locale such as LC_ALL=C.UTF-8."
        ) from error
