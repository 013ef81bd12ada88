"""The keysteward command: translates words and files into operations, values into text and JSON."""
