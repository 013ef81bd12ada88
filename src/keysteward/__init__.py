"""Keysteward: a self-hosted keystore for the key pairs of an integration platform."""
