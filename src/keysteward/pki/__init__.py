"""Certificates, chains, key pairs, signing requests: pure functions, time passed in."""
