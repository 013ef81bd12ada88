"""Measures an update against a bare sketch, Java, and the commands; ``make bench`` runs it."""
