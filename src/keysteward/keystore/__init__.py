"""The operations on entries: one function per thing a user can do."""
