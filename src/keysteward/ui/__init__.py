"""The Keystore Monitor as pages: rendered here, made lively by a few modules in the browser."""
