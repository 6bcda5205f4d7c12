"""The old place of `HeadlessConfiguration`."""

from contracts import HeadlessConfiguration as HeadlessConfiguration
