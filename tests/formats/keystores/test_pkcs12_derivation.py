import hashlib
import os
import threading

import pytest

from keysteward.formats.keystores.pkcs12_derivation import (
    Derivation,
    Deriver,
    Pbkdf2,
    Pkcs12Kdf,
    Scrypt,
)
from keysteward.formats.keystores.pkcs12_passwords import Phrase
from keysteward.problems import KeyDerivationTooCostly

_PHRASE = Phrase(b"plain", b"\0p\0\0")


@pytest.mark.parametrize("hash_name", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_pbkdf2_derives_as_hashlib_does(hash_name: str) -> None:
    """The fast implementation agrees with Python's own."""
    expected = hashlib.pbkdf2_hmac(hash_name, b"plain", b"salt", 3, 70)

    assert expected == Pbkdf2(hash_name, b"salt", 3, 70).derive(b"plain")


def test_scrypt_derives_as_hashlib_does() -> None:
    """So does scrypt."""
    expected = hashlib.scrypt(b"plain", salt=b"salt", n=16, r=2, p=3, dklen=24)

    assert expected == Scrypt(b"salt", 16, 2, 3, 24).derive(b"plain")


def test_scrypt_holds_its_blocks_twice() -> None:
    """With a small N it is not the mixing that takes the memory."""
    wide = Scrypt(b"", 2, 1, 1 << 20, 32)

    assert 256 * 1024 * 1024 < wide.memory_bytes
    with pytest.raises(KeyDerivationTooCostly, match="bytes of memory for scrypt"):
        Deriver(100_000_000).foresee([wide])


@pytest.mark.parametrize(
    ("derivation", "cost"),
    [
        (Pbkdf2("sha256", b"", 10, 32), 10),
        (Pbkdf2("sha256", b"", 10, 33), 20),
        (Pbkdf2("sha1", b"", 10, 32), 20),
        (Pkcs12Kdf("sha1", 1, b"", 10, 24), 20),
        (Pkcs12Kdf("sha1", 2, b"", 10, 8), 10),
        (Scrypt(b"", 1024, 8, 2, 32), 16_512),
        (Scrypt(b"", 2, 1, 1_000_000, 32), 10_000_000),
    ],
)
def test_cost_counts_each_block_of_output(derivation: Derivation, cost: int) -> None:
    """What is longer than the hash is derived with all the rounds again."""
    assert cost == derivation.cost


def test_limit_is_inclusive_and_the_sum_counts() -> None:
    """As many rounds as allowed are allowed; one more is refused."""
    deriver = Deriver(20)
    deriver.foresee([Pbkdf2("sha256", b"1", 10, 32), Pbkdf2("sha256", b"2", 10, 32)])

    with pytest.raises(KeyDerivationTooCostly) as refused:
        deriver.foresee([Pbkdf2("sha256", b"3", 1, 32)])
    assert ("21 rounds of key derivation", "20") == (refused.value.asked, refused.value.limit)


def test_equal_derivations_are_counted_and_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred keys under one salt cost as much as one."""
    once = Pkcs12Kdf("sha1", 1, b"salt", 10, 20)
    done: list[bytes] = []
    derive = Pkcs12Kdf.derive

    def counted(self: Pkcs12Kdf, password: bytes) -> bytes:
        done.append(password)
        return derive(self, password)

    monkeypatch.setattr(Pkcs12Kdf, "derive", counted)
    deriver = Deriver(10)
    deriver.foresee([once] * 100)
    deriver.foresee([once])

    assert 1 == len(set(deriver.keys([once] * 100, _PHRASE)))
    assert deriver.keys([once], _PHRASE) == deriver.keys([once], _PHRASE)
    assert [_PHRASE.wide] == done


def test_another_password_counts_anew() -> None:
    """The second try is work, too, and is refused before it is done."""
    derivation = Pbkdf2("sha256", b"", 10, 32)
    deriver = Deriver(19)
    deriver.foresee([derivation])
    deriver.keys([derivation], _PHRASE)

    with pytest.raises(KeyDerivationTooCostly, match="20 rounds"):
        deriver.keys([derivation], Phrase(b"another", b""))


def test_keys_by_pbkdf2_are_derived_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two derivations that wait for each other come to an end only if they run at once."""
    both = threading.Barrier(2, timeout=60)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(Pbkdf2, "derive", lambda self, _password: str(both.wait()).encode())
    wanted = [Pbkdf2("sha256", b"1", 1, 32), Pbkdf2("sha256", b"2", 1, 32)]

    assert {b"0", b"1"} == set(Deriver(2).keys(wanted, _PHRASE))


def test_keys_come_in_the_order_asked_for() -> None:
    """Whatever is derived where, each key is at its place."""
    mixed: list[Derivation] = [
        Pbkdf2("sha256", b"1", 1, 32),
        Pkcs12Kdf("sha256", 1, b"1", 1, 32),
        Pbkdf2("sha256", b"2", 1, 32),
        Scrypt(b"1", 2, 1, 1, 32),
    ]
    passwords = (b"plain", b"\0p\0\0", b"plain", b"plain")

    assert [one.derive(p) for one, p in zip(mixed, passwords, strict=True)] == Deriver(9).keys(
        mixed, _PHRASE
    )
