"""The dispatcher: owns every task, the queue and the leases, and alone writes the journal."""
