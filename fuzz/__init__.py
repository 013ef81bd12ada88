"""Feeds every reader with bytes that nobody would write; ``make fuzz`` runs it."""
