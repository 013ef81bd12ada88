"""Opens the parts of one PKCS#12 file with the passwords that were given, in every spelling."""

from collections.abc import Sequence

from keysteward.formats.keystores import pkcs12_passwords
from keysteward.formats.keystores.contract import Opening
from keysteward.formats.keystores.pkcs12_derivation import Deriver
from keysteward.formats.keystores.pkcs12_encryption import Sealed
from keysteward.formats.keystores.pkcs12_integrity import Mac
from keysteward.formats.keystores.pkcs12_passwords import Phrase


class Opener:
    """Tries the passwords and remembers which spelling opened something, to take it first."""

    def __init__(self, opening: Opening) -> None:
        self._deriver = Deriver(opening.limit_rounds)
        self._of_store = pkcs12_passwords.phrases(opening.password)
        self._of_keys = self._of_store
        if opening.key_password is not None:
            self._of_keys = pkcs12_passwords.phrases(opening.key_password)
        self._proven: list[Phrase] = []

    @property
    def proven(self) -> bool:
        """Whether a password has verified the MAC or opened anything."""
        return bool(self._proven)

    def foresee(self, sealed: Sequence[Sealed], mac: Mac | None = None) -> None:
        """Count the work of parts before any of them is opened. Raises KeyDerivationTooCostly."""
        found = [derivation for part in sealed for derivation in part.derivations]
        self._deriver.foresee(found if mac is None else [*found, mac.derivation])

    def verifies(self, mac: Mac, content: bytes) -> bool:
        """Return whether the store's password verifies the MAC over the content."""
        for phrase in self._of_store:
            (key,) = self._deriver.keys([mac.derivation], phrase)
            if mac.verifies(key, content):
                self._proven.append(phrase)
                return True
        return False

    def open_safes(self, sealed: Sequence[Sealed]) -> list[bytes | None]:
        """Return the plaintexts, None for what no password opens; the store's is tried first."""
        return self._open(sealed, self._of_store, self._of_keys)

    def open_keys(self, sealed: Sequence[Sealed]) -> list[bytes | None]:
        """Return the clear keys, None for what no password opens; the keys' is tried first."""
        return self._open(sealed, self._of_keys, self._of_store)

    def _open(self, sealed: Sequence[Sealed], *passwords: tuple[Phrase, ...]) -> list[bytes | None]:
        """Try every spelling with the first part, and with the others one of each password.

        A file is written by one program, which has one spelling, so the many are derived once.
        """
        if not sealed:
            return []
        spellings = [phrase for password in passwords for phrase in self._ordered(password)]
        first, phrase = self._try(sealed[:1], spellings)
        fitting = [] if phrase is None else [phrase]
        rest, _ = self._try(
            sealed[1:], [*fitting, *(self._ordered(password)[0] for password in passwords)]
        )
        return [*first, *rest]

    def _ordered(self, password: tuple[Phrase, ...]) -> list[Phrase]:
        return sorted(password, key=lambda phrase: phrase not in self._proven)

    def _try(
        self, sealed: Sequence[Sealed], phrases: Sequence[Phrase]
    ) -> tuple[list[bytes | None], Phrase | None]:
        """Return the plaintexts, and the last phrase that opened one of them."""
        opened: list[bytes | None] = [None] * len(sealed)
        waiting, fitting = list(range(len(sealed))), None
        for phrase in dict.fromkeys(phrases):
            self._deriver.count(sum(sealed[place].decryption_rounds for place in waiting))
            wanted = [part for place in waiting for part in sealed[place].derivations]
            derived = iter(self._deriver.keys(wanted, phrase))
            for place in waiting:
                keys = [next(derived) for _ in sealed[place].derivations]
                opened[place] = sealed[place].opened(keys)
            left = [place for place in waiting if opened[place] is None]
            if len(left) < len(waiting):
                self._proven.append(phrase)
                fitting = phrase
            waiting = left
        return opened, fitting
