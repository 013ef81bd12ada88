"""What the options of an address ask for: checked, and not read from the store yet."""
