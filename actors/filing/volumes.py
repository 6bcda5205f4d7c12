"""Whether a folder lies on a share of the network, where a database in WAL mode does not work."""

from __future__ import annotations

import os
from pathlib import Path

_SHARES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone"}
)


def is_network_share(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Say whether the nearest mount of a folder is a share. Where the system tells no mounts, only its path tells.

    Args:
        folder: It need not exist.
        mounts: The system's list of mounts.
    """
    resolved = Path(os.path.realpath(folder))
    if str(resolved).startswith(("\\\\", "//")):
        return True
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    nearest, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(fields[1].replace("\\040", " "))
        if resolved.is_relative_to(place) and len(place.parts) >= nearest:
            nearest, kind = len(place.parts), fields[2]
    return kind in _SHARES
