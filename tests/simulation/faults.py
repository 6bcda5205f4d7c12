"""What can go wrong in the simulated world, and where."""

from __future__ import annotations

import enum


class Step(enum.Enum):
    """The steps of a purchase order's life at which a fault can strike."""

    LAUNCH = "launch"
    READY = "ready"
    ADOPT = "adopt cookies"
    OPEN = "open"
    READ = "read"
    STAGE = "stage"
    COOKIES = "cookies"
    FETCH = "fetch"
    PLACE = "place"
    PUBLISH = "publish"
    PUBLISHED = "after publishing"
    LOGIN = "log in"
    PROBE = "probe"
    SCREENSHOT = "take a screenshot"
    EVIDENCE = "keep evidence"
    DISCARD = "discard what was staged"
    ALIVE = "look whether it is alive"
    ADDRESSES = "adapter: name an order's address"
    ADAPTER = "adapter: read a page"
    LOOK_FOR_LOGIN = "adapter: look for a login"
    LOGIN_FORM = "adapter: find the login form"
    TEXT = "adapter: read the visible text"
    KILL = "kill"
    CLEAN = "clean up"


class Fault(enum.Enum):
    """What can go wrong at a step."""

    CRASH = "the browser dies"
    HANG = "hangs until it is killed"
    HANG_FOR_EVER = "hangs, and its thread never comes back"
    LATE_REPLY = "is killed, and answers all the same"
    SLOW = "takes twenty seconds"
    STALE_PAGE = "shows the last order's page"
    LOGIN_PAGE = "the login has expired"
    SERVER_ERROR = "HTTP 500"
    TOO_MANY = "HTTP 429"
    NOT_FOUND = "no such order"
    REFUSED = "the connection is refused"
    DISK_FULL = "the disk is full"
    CLONE_FAILS = "the profile cannot be cloned"
    NEVER_READY = "never becomes ready"
    SURVIVES_KILL = "survives the first kill"
    RAISES = "raises what nobody expects"


ADAPTER_STEPS = (Step.ADDRESSES, Step.ADAPTER, Step.LOOK_FOR_LOGIN, Step.LOGIN_FORM, Step.TEXT)
"""Steps of the adapter alone, at which no browser is to blame."""

STEPS_OF_FAULT: dict[Fault, tuple[Step, ...]] = {
    Fault.CRASH: (
        Step.LAUNCH, Step.READY, Step.ADOPT, Step.OPEN, Step.READ, Step.STAGE, Step.COOKIES, Step.FETCH, Step.PLACE,
        Step.PUBLISH, Step.PUBLISHED, Step.LOGIN, Step.PROBE, Step.SCREENSHOT, Step.EVIDENCE,
    ),
    Fault.HANG: (
        Step.LAUNCH, Step.ADOPT, Step.OPEN, Step.READ, Step.COOKIES, Step.FETCH, Step.LOGIN, Step.PROBE,
        Step.SCREENSHOT,
    ),
    Fault.HANG_FOR_EVER: (Step.LAUNCH, Step.OPEN, Step.FETCH, Step.LOGIN, Step.CLEAN),
    Fault.LATE_REPLY: (Step.OPEN, Step.READ, Step.FETCH, Step.PLACE),
    Fault.SLOW: (Step.LAUNCH, Step.OPEN, Step.FETCH, Step.LOGIN, Step.PROBE, Step.CLEAN, Step.SCREENSHOT),
    Fault.STALE_PAGE: (Step.OPEN,),
    Fault.LOGIN_PAGE: (Step.OPEN,),
    Fault.SERVER_ERROR: (Step.OPEN, Step.FETCH),
    Fault.TOO_MANY: (Step.OPEN,),
    Fault.NOT_FOUND: (Step.OPEN,),
    Fault.REFUSED: (Step.OPEN, Step.FETCH, Step.PROBE, Step.LOGIN),
    Fault.DISK_FULL: (Step.STAGE, Step.PLACE, Step.PUBLISH, Step.EVIDENCE),
    Fault.CLONE_FAILS: (Step.LAUNCH,),
    Fault.NEVER_READY: (Step.LAUNCH,),
    Fault.SURVIVES_KILL: (Step.KILL,),
    Fault.RAISES: (
        Step.LAUNCH, Step.ADOPT, Step.OPEN, Step.READ, Step.STAGE, Step.COOKIES, Step.FETCH, Step.PLACE, Step.PUBLISH,
        Step.LOGIN, Step.PROBE, Step.SCREENSHOT, Step.EVIDENCE, Step.DISCARD, Step.ALIVE, *ADAPTER_STEPS,
    ),
}  # fmt: skip

POINTS = tuple((step, fault) for fault, steps in STEPS_OF_FAULT.items() for step in steps)
"""Every pair of a step and a fault that can strike there."""
