"""Aliases for what a keystore file brings: its own names, and proposals where it has none."""

import unicodedata
from collections.abc import Callable, Iterable

from cryptography.x509.oid import NameOID

from keysteward.entries import Caller, Owner
from keysteward.keystore import aliases, names
from keysteward.pki.certificates import Certificate

_LONGEST_PROPOSAL = 200
"""Characters of an alias made from a common name; leaves room for what is put around it."""

IsFree = Callable[[str], bool]
"""Tells whether what nobody chose may be the alias."""


def _always(_alias: str) -> bool:
    return True


class Naming:
    """Gives every entry of one file an alias of its own.

    The first that has a name in the file gets it; nothing proposed or numbered takes it away.
    """

    def __init__(self, caller: Caller, given: Iterable[str]) -> None:
        """Start with the names that the file gives to anything in it."""
        self._caller = caller
        self._of_the_file = frozenset(map(normal, given))
        self._taken: set[str] = set()
        self._last_numbers: dict[str, int] = {}

    def alias(self, name: str, certificate: Certificate) -> str:
        """Return the file's own name, behind it a number if it has it twice; or a proposal."""
        wanted = normal(name)
        return self._own(wanted) if wanted else self.proposed(certificate)

    def of_a_key(self, name: str, number: int) -> str:
        """Return the same for the n-th key of the file, of which no certificate is known."""
        wanted = normal(name)
        return self._own(wanted) if wanted else self._unlike_others(f"key-{number}", _always)

    def proposed(self, certificate: Certificate, is_free: IsFree = _always) -> str:
        """Return an alias from the common name, with a number where that is not free."""
        return self._unlike_others(_proposal(certificate, self._caller), is_free)

    def _own(self, wanted: str) -> str:
        if wanted in self._taken:
            return self._numbered(wanted, _always)
        self._taken.add(wanted)
        return wanted

    def _unlike_others(self, wanted: str, is_free: IsFree) -> str:
        if self._is_unused(wanted) and is_free(wanted):
            self._taken.add(wanted)
            return wanted
        return self._numbered(wanted, is_free)

    def _numbered(self, wanted: str, is_free: IsFree) -> str:
        while True:
            number = self._last_numbers[wanted] = self._last_numbers.get(wanted, 1) + 1
            alias = f"{wanted}_{number}"
            if self._is_unused(alias) and is_free(alias):
                self._taken.add(alias)
                return alias

    def _is_unused(self, alias: str) -> bool:
        return alias not in self._taken and alias not in self._of_the_file


def normal(name: str) -> str:
    """Return a name of the file as the alias that it is here: composed, no blanks around."""
    return unicodedata.normalize("NFC", name).strip()


def _proposal(certificate: Certificate, caller: Caller) -> str:
    """Return the common name as an alias that the caller may use, else a part of the fingerprint.

    What cannot be shown is left out; the provider's aliases all begin alike.
    """
    common = [
        str(attribute.value)
        for attribute in certificate.subject_dn.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    shown = names.readable((common or [""])[0])[:_LONGEST_PROPOSAL].strip()
    wanted = shown or f"certificate-{certificate.fingerprint[:8]}"
    if caller.owner is Owner.PROVIDER:
        return wanted if aliases.is_reserved(wanted) else aliases.RESERVED_PREFIX + wanted
    if aliases.is_reserved(wanted):
        return f"certificate-{certificate.fingerprint[:8]}"
    return wanted
