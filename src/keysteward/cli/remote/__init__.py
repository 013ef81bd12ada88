"""The desk of a keystore on a server: each method is a call of the client."""
