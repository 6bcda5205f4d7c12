"""The download folder: names, verification, staging, publishing, lock. Home of pathvalidate, filelock, puremagic."""

from __future__ import annotations

from actors.filing.folder import DownloadFolder as DownloadFolder
from actors.filing.lock import FolderLock as FolderLock
