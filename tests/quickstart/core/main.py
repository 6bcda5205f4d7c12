"""The old place of `MainApp`."""

from actors import MainApp as MainApp, ProcessingSession as ProcessingSession
