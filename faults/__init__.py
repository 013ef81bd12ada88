"""Kills the database under a running installation; ``make faults`` runs it."""
