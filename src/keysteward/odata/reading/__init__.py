"""Entities made of what the store has: where they are read, page by page, and expanded."""
