"""Bytes on the wire: both formats, their values, and which of them an answer has."""
