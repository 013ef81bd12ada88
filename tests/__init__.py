"""Keysteward's tests: one folder per room of the package, with the same file names."""
