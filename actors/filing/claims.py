"""Who owns which folder name, one small file a name, so that no two owners ever share a folder.

The first owner of a name keeps it over all runs. A claim on an order's folder also remembers the lease that published
it last: that is how a publish that was interrupted after its rename is recognised as done. There is one writer, the
holder of the folder's lock.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import attrs

from actors.filing.naming import name_key


@attrs.frozen
class Claim:
    """A name's owner.

    Args:
        owner: What tells this owner from all others.
        run: The run that published last, or empty.
        lease: Name of the lease that published last, or empty.
        page: Stands for the address of the page whose files were published last, or empty.
    """

    owner: str
    run: str = ""
    lease: str = ""
    page: str = ""


class Claims:
    """The claims of one download folder.

    Args:
        folder: Where they lie; made with the first claim.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, place: str) -> Claim | None:
        """Return who owns `place`, whatever its case, or None. An unreadable claim is none."""
        try:
            found = json.loads(self._file(place).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            return None
        if "owner" not in found:
            return None
        known = {field.name for field in attrs.fields(Claim)}
        return Claim(**{key: value for key, value in found.items() if key in known})

    def write(self, place: str, claim: Claim) -> None:
        """Write down who owns `place`, in one step."""
        target = self._file(place)
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps({"place": place, **attrs.asdict(claim)}), encoding="utf-8")
        draft.replace(target)

    def hold(self, place: str, owner: str) -> bool:
        """Claim `place` for `owner` unless it is another's; say whether it is theirs now."""
        claim = self.read(place)
        if claim is None:
            self.write(place, Claim(owner))
            return True
        return claim.owner == owner

    def _file(self, place: str) -> Path:
        digest = hashlib.sha256(name_key(place).encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{digest[:32]}.json"
