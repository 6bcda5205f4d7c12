"""The old place of `ProfileManager`."""

from actors import ProfileManager as ProfileManager
