"""Keysteward: a self-hosted keystore for the key pairs of an integration platform."""

__version__ = "0.5.0"
