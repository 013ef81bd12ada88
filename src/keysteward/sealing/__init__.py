"""Private keys at rest: the keyring, sealing and unsealing."""
