"""The desk of a keystore in this process: each method is one call of an operation."""
