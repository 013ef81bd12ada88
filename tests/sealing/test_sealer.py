from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keysteward.problems import SealedKeyDamaged, SealingKeyMissing
from keysteward.sealing import keyring, sealer
from keysteward.sealing.sealer import SealedKey, Sealer, SealingContext, WrappedKey
from keysteward.values import Fingerprint, Secret

CONTEXT = SealingContext(1, 2, Fingerprint("ab" * 32))
PKCS8 = Secret(b"a recognisable private key, for tests alone")


@pytest.fixture
def wrapped(tmp_path: Path) -> WrappedKey:
    """Return a new data key under a new sealing key."""
    return sealer.create_data_key(tmp_path, keyring.create_key(tmp_path))


@pytest.fixture
def opened(tmp_path: Path, wrapped: WrappedKey) -> Sealer:
    """Return a sealer over them."""
    return sealer.open_sealer(tmp_path, [wrapped])


def test_key_comes_back_when_it_was_sealed_in_another_process(
    tmp_path: Path, wrapped: WrappedKey, opened: Sealer
) -> None:
    """What one sealer sealed, another one with the same keyring and data key opens."""
    sealed = opened.seal(PKCS8, CONTEXT)
    again = sealer.open_sealer(tmp_path, [wrapped])
    assert PKCS8.reveal() == again.unseal(sealed, CONTEXT).reveal()


def test_sealed_bytes_do_not_hold_the_key(opened: Sealer) -> None:
    """The database never sees a piece of the key."""
    ciphertext = opened.seal(PKCS8, CONTEXT).ciphertext
    key = PKCS8.reveal()
    assert not any(key[i : i + 4] in ciphertext for i in range(len(key) - 3))


def test_each_seal_has_a_nonce_of_its_own(opened: Sealer) -> None:
    """The same key sealed twice never gives the same bytes."""
    assert 100 == len({opened.seal(PKCS8, CONTEXT).ciphertext[1:13] for _ in range(100)})


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTEXT, keystore_id=2),
        replace(CONTEXT, private_key_id=3),
        replace(CONTEXT, public_key_sha256=Fingerprint("ac" * 32)),
        SealingContext(12, 0, CONTEXT.public_key_sha256),
    ],
)
def test_sealed_key_does_not_open_when_it_is_moved(opened: Sealer, other: SealingContext) -> None:
    """A sealed key copied to another row, key or keystore does not open there."""
    sealed = opened.seal(PKCS8, CONTEXT)
    with pytest.raises(SealedKeyDamaged):
        opened.unseal(sealed, other)


def test_sealed_key_does_not_open_when_a_byte_is_changed(opened: Sealer) -> None:
    """Every single byte is authenticated, the format version and the nonce included."""
    sealed = opened.seal(PKCS8, CONTEXT)
    for position in range(len(sealed.ciphertext)):
        changed = bytearray(sealed.ciphertext)
        changed[position] ^= 1
        with pytest.raises(SealedKeyDamaged):
            opened.unseal(replace(sealed, ciphertext=bytes(changed)), CONTEXT)


def test_sealed_key_does_not_open_when_it_is_cut(opened: Sealer) -> None:
    """Any truncation ends in the problem, the empty blob included."""
    sealed = opened.seal(PKCS8, CONTEXT)
    for length in range(len(sealed.ciphertext)):
        with pytest.raises(SealedKeyDamaged):
            opened.unseal(replace(sealed, ciphertext=sealed.ciphertext[:length]), CONTEXT)


def test_sealed_key_does_not_open_under_another_data_key(tmp_path: Path) -> None:
    """Each sealed key opens under the data key that it names and no other."""
    key_id = keyring.create_key(tmp_path)
    one, two = (sealer.create_data_key(tmp_path, key_id) for _ in range(2))
    both = sealer.open_sealer(tmp_path, [one, two])
    sealed = both.seal(PKCS8, CONTEXT)
    assert two.id == sealed.data_key_id
    for data_key_id in (one.id, "unknown"):
        with pytest.raises(SealedKeyDamaged):
            both.unseal(SealedKey(data_key_id, sealed.ciphertext), CONTEXT)


def test_data_key_does_not_open_under_another_id(tmp_path: Path, wrapped: WrappedKey) -> None:
    """A wrapped data key is bound to its own id."""
    with pytest.raises(SealedKeyDamaged):
        sealer.open_sealer(tmp_path, [replace(wrapped, id="0" * 16)])


def test_data_key_does_not_open_with_another_sealing_key(
    tmp_path: Path, wrapped: WrappedKey
) -> None:
    """A wrapped data key opens with the sealing key that it names alone."""
    other = keyring.create_key(tmp_path)
    with pytest.raises(SealedKeyDamaged):
        sealer.open_sealer(tmp_path, [replace(wrapped, sealing_key_id=other)])


def test_opening_names_a_sealing_key_that_is_missing(tmp_path: Path, wrapped: WrappedKey) -> None:
    """An installation without a key in use does not come up, and says which one it lacks."""
    (tmp_path / f"{wrapped.sealing_key_id}.key").unlink()
    with pytest.raises(SealingKeyMissing, match=wrapped.sealing_key_id):
        sealer.open_sealer(tmp_path, [wrapped])


def test_wrapping_is_aes_256_gcm_over_what_the_design_names(
    tmp_path: Path, wrapped: WrappedKey, opened: Sealer
) -> None:
    """Both layers open with plain AES-GCM and the associated data written out by hand."""
    sealing_key = keyring.load_key(tmp_path, wrapped.sealing_key_id).reveal()
    associated = f"keysteward seal v1\0data-key\0{wrapped.id}\0{wrapped.sealing_key_id}".encode()
    blob = wrapped.ciphertext
    data_key = AESGCM(sealing_key).decrypt(blob[1:13], blob[13:], associated)
    sealed = opened.seal(PKCS8, CONTEXT).ciphertext
    associated = f"keysteward seal v1\0private-key\0{wrapped.id}\x001\x002\0{'ab' * 32}".encode()
    assert 32 == len(data_key)
    assert PKCS8.reveal() == AESGCM(data_key).decrypt(sealed[1:13], sealed[13:], associated)


def test_audit_key_is_hkdf_as_openssl_computes_it() -> None:
    """The audit key is HKDF-SHA256 with the info "keysteward audit v1" and no salt."""
    # openssl kdf -keylen 32 -kdfopt digest:SHA2-256 -kdfopt hexkey:000102…1f
    #   -kdfopt info:"keysteward audit v1" HKDF
    expected = "57c8086547ffa22a1ddef7466704be5778cd4203f9b6b61865640391cf148c9b"
    assert expected == sealer.audit_key(Secret(bytes(range(32)))).reveal().hex()


def test_sealer_does_not_show_its_keys(tmp_path: Path, opened: Sealer) -> None:
    """Nothing secret is in the text that a log or a traceback could show of a sealer."""
    key_id = opened.sealing_key_id
    key = opened.find_audit_key(key_id)
    assert key is not None
    shown = repr(opened) + repr(key) + repr(opened.seal(PKCS8, CONTEXT))
    for secret in (key.reveal(), keyring.load_key(tmp_path, key_id).reveal(), PKCS8.reveal()):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown
