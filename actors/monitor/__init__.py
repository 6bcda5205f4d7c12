"""The monitor: memory thresholds, disk, wear, and the crew's restart limits."""
