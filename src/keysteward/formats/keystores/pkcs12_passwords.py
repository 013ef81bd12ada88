"""How a password becomes bytes in PKCS#12, by the standards and by the programs that err."""

from dataclasses import dataclass, field

from keysteward.values import Secret


@dataclass(frozen=True, slots=True)
class Phrase:
    """A password in one way of writing it, for both families of key derivation."""

    plain: bytes = field(repr=False)
    """For PBKDF2 and scrypt."""
    wide: bytes = field(repr=False)
    """For the derivation of PKCS#12 itself: a BMPString that ends with two zero bytes."""


def phrases(password: Secret | None) -> tuple[Phrase, ...]:
    """Return every way in which a program may have written the password, the standards' first.

    - UTF-8 (RFC 8018 section 3) and UTF-16 with two zero bytes (RFC 7292 appendix B.1).
    - Without characters, the two zero bytes may be there or not: an empty password and an absent
      one are different things to some programs, and here both are tried for both.
    - OpenSSL before 1.1.0 takes the single bytes of what the terminal gives for characters, so
      UTF-8 becomes two of them for each; it and others also use Latin-1 (passphrase-encoding(7)).
    - NSS before 3.31 takes the BMPString for PBKDF2 as well, ASCII or not (its header ``nss.h``).
    """
    utf8 = b"" if password is None else password.reveal()
    if not utf8:
        return Phrase(b"", b"\0\0"), Phrase(b"", b"")
    text = utf8.decode("utf-8", "replace")
    usual = Phrase(utf8, _wide(text))
    found = [usual]
    if not utf8.isascii():
        latin = text.encode("latin-1", "ignore").decode("latin-1") == text
        single = text.encode("latin-1") if latin else utf8
        found.append(Phrase(single, _wide(utf8.decode("latin-1"))))
    found.append(Phrase(usual.wide, usual.wide))
    return tuple(found)


def _wide(text: str) -> bytes:
    return text.encode("utf-16-be") + b"\0\0"
