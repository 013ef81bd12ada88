"""File formats of other products: bytes in, values or a problem out."""
