import os

import pytest

from keysteward.formats.keystores import rc2
from tests import peers

_VECTORS = [
    # RFC 2268 section 5: key, effective bits, plaintext, ciphertext
    ("0000000000000000", 63, "0000000000000000", "ebb773f993278eff"),
    ("ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"),
    ("3000000000000000", 64, "1000000000000001", "30649edf9be7d2c2"),
    ("88", 64, "0000000000000000", "61a8a244adacccf0"),
    ("88bca90e90875a", 64, "0000000000000000", "6ccf4308974c267f"),
    ("88bca90e90875a7f0f79c384627bafb2", 64, "0000000000000000", "1a807d272bbe5db1"),
    ("88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"),
    (
        "88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e",
        *(129, "0000000000000000", "5b78d3a43dfff1f1"),
    ),
]


@pytest.mark.parametrize(("key", "bits", "plain", "hidden"), _VECTORS)
def test_block_is_decrypted_as_the_standard_says(
    key: str, bits: int, plain: str, hidden: str
) -> None:
    """With an IV of zeros, CBC of one block is the cipher alone."""
    opened = rc2.decrypt_cbc(bytes.fromhex(key), bits, bytes(8), bytes.fromhex(hidden))

    assert bytes.fromhex(plain) == opened


@pytest.mark.parametrize(
    ("cipher", "bits"), [("rc2-40-cbc", 40), ("rc2-64-cbc", 64), ("rc2-cbc", 128)]
)
def test_message_of_many_blocks_is_decrypted_as_openssl_does(cipher: str, bits: int) -> None:
    """All blocks are worked on at once, and none touches its neighbour."""
    key, iv, message = os.urandom(bits // 8), os.urandom(8), os.urandom(4_001)
    hidden = peers.run(
        *("openssl", "enc", f"-{cipher}", "-K", key.hex(), "-iv", iv.hex()),
        *("-provider", "legacy", "-provider", "default"),
        data=message,
    )

    assert message + b"\7" * 7 == rc2.decrypt_cbc(key, bits, iv, hidden)


def test_longer_messages_cost_more_rounds() -> None:
    """The work is counted before it is done, as other key derivation is: a share for each KiB."""
    assert 0 < rc2.rounds(8) < rc2.rounds(4_096) < rc2.rounds(1 << 20)
    assert rc2.rounds(1 << 21) - rc2.rounds(1 << 20) == 1_024 * (
        rc2.rounds(2_048) - rc2.rounds(1_024)
    )


def test_nothing_is_decrypted_to_nothing() -> None:
    """No block, no byte."""
    assert b"" == rc2.decrypt_cbc(b"12345", 40, bytes(8), b"")
