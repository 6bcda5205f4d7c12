"""Who owns which folder name, one small file a name, so that no two owners ever share a folder.

The first owner of a name keeps it over all runs. A claim on an order's folder also remembers the lease that published
it last: that is how a publish that was interrupted after its rename is recognised as done. There is one writer, the
holder of the folder's lock.
"""

from __future__ import annotations

import hashlib

import attrs

from actors.filing.naming import name_key
from actors.folders.ground import Ground
from actors.folders.notes import read_note, write_note

_FOLDER = "claims"


@attrs.frozen
class Claim:
    """A name's owner.

    Args:
        owner: What tells this owner from all others.
        run: The run that published last, or empty.
        lease: Name of the lease that published last, or empty.
        page: Stands for the address of the page whose files were published last, or empty.
        asked: Stands for the address that the list sent that visit to, or empty when the list named none.
    """

    owner: str
    run: str = ""
    lease: str = ""
    page: str = ""
    asked: str = ""

    def is_of(self, other: Claim) -> bool:
        """Whether both are claims to the folder of one page of one order, as far as both know."""
        pages = not self.page or not other.page or self.page == other.page
        return self.owner == other.owner and pages and (self.asked == other.asked or not (self.asked and other.asked))


class Claims:
    """The claims of one download folder.

    Args:
        ground: The download folder.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def read(self, place: str) -> Claim | None:
        """Return who owns `place`, whatever its case, or None. An unreadable claim is none."""
        try:
            with self._ground.inside.below(_FOLDER) as folder:
                found = read_note(folder, _file_name(place))
        except FileNotFoundError:
            return None
        if found is None or "owner" not in found or not all(isinstance(value, str) for value in found.values()):
            return None
        known = {field.name for field in attrs.fields(Claim)}
        return Claim(**{key: value for key, value in found.items() if key in known})

    def write(self, place: str, claim: Claim) -> None:
        """Write down who owns `place`, in one step."""
        with self._ground.inside.below(_FOLDER, make=True) as folder:
            write_note(folder, _file_name(place), {"place": place, **attrs.asdict(claim)})

    def hold(self, place: str, owner: str) -> bool:
        """Claim `place` for `owner` unless it is another's; say whether it is theirs now."""
        claim = self.read(place)
        if claim is None:
            self.write(place, Claim(owner))
            return True
        return claim.owner == owner


def _file_name(place: str) -> str:
    digest = hashlib.sha256(name_key(place).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digest[:32]}.json"
