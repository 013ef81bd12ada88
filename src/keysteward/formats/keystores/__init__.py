"""Keystore files: PKCS#12, JKS and JCEKS."""
