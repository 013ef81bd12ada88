"""Connections to receivers: TLS contexts of key pairs, and the check of a connection."""
