import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    pkcs12 as library,
)

from keysteward.formats.keystores import pkcs12
from keysteward.formats.keystores.contract import FileCertificate, KeystoreFile, LockedKey, Skipped
from keysteward.formats.keystores.pkcs12_bags import MOST_BAGS, MOST_NESTED
from keysteward.problems import (
    KeyDerivationTooCostly,
    KeystoreUnreadable,
    PasswordWrong,
    Problem,
)
from tests import keystore_files, peers, pki_maker
from tests import pkcs12_files as files
from tests.formats.keystores.conftest import PASSWORD, JavaDesk, opening
from tests.keystore_files import KeyEntry, tlv
from tests.pki_maker import Issued

_JAVA_LEGACY = "-J-Dkeystore.pkcs12.legacy"
_OPENSSL = ("openssl", "pkcs12", "-export", "-legacy")
_WRONG = "wrong-password"


def _pkcs8(issued: Issued) -> bytes:
    return issued.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _numbers(pkcs8: bytes) -> bytes:
    """Return a key in one spelling, as Java and NSS write PKCS#8 in others."""
    return load_der_private_key(pkcs8, None).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )


def _keys(file: KeystoreFile) -> dict[str, tuple[bytes, tuple[bytes, ...]]]:
    return {key.name: (_numbers(key.pkcs8.reveal()), key.certificates) for key in file.keys}


@pytest.fixture(scope="module")
def chain() -> tuple[Issued, ...]:
    """A key with its chain: end-entity, intermediate, root."""
    return pki_maker.make_chain()


@pytest.fixture(scope="module")
def entry(chain: tuple[Issued, ...]) -> KeyEntry:
    """The same as bytes."""
    return KeyEntry("client", _pkcs8(chain[0]), tuple(issued.der for issued in chain))


@pytest.fixture(scope="module")
def folder(chain: tuple[Issued, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the chain in PEM, the key first, and the key alone."""
    folder = tmp_path_factory.mktemp("pkcs12")
    pem = b"".join([chain[0].key_pem(), *(issued.pem for issued in chain)])
    (folder / "chain.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(chain[0].key_pem())
    (folder / "leaf.pem").write_bytes(chain[0].pem)
    return folder


# ---- Java


@pytest.fixture(scope="module", params=["", _JAVA_LEGACY], ids=["default", "legacy"])
def of_java(request: pytest.FixtureRequest, entry: KeyEntry, folder: Path) -> Path:
    """A keystore by keytool: two keys with chains, a trusted certificate and a secret key."""
    mode = (request.param,) if request.param else ()
    made = folder / f"java{request.param}.p12"
    issued = pki_maker.issue("andere", pki_maker.make_key("rsa2048"))
    other = KeyEntry("andere", _pkcs8(issued), (issued.der,))
    (folder / "source.p12").write_bytes(keystore_files.write_pkcs12([entry, other], PASSWORD, 2))
    (folder / "root.der").write_bytes(entry.chain[-1])
    store = ("-keystore", str(made), "-storetype", "PKCS12", "-storepass", PASSWORD)
    peers.run(
        *("keytool", *mode, "-importkeystore", "-srckeystore", str(folder / "source.p12")),
        *("-srcstorepass", PASSWORD, "-destkeystore", str(made), "-deststorepass", PASSWORD),
    )
    trusted = ("-importcert", "-noprompt", "-alias", "trusted", "-file", str(folder / "root.der"))
    peers.run("keytool", *mode, *trusted, *store)
    secret = ("-genseckey", "-alias", "secret", "-keyalg", "AES", "-keysize", "128")
    peers.run("keytool", *mode, *secret, *store)
    return made


def test_store_of_keytool_is_read_as_java_reads_it(
    of_java: Path, desk: JavaDesk, entry: KeyEntry
) -> None:
    """Two keys, the chains that Java builds of the certificates, and what is not imported."""
    theirs = desk.entries("PKCS12", of_java, PASSWORD)

    found = pkcs12.read(of_java.read_bytes(), opening(PASSWORD))

    assert {
        alias: (_numbers(one.clear), one.certificates[:1])
        for alias, one in theirs.items()
        if one.kind == "key"
    } == _keys(found)
    assert entry.chain[1:] == theirs["client"].certificates[1:]
    assert (Skipped("secret", "a secret key, which has no place here"),) == found.skipped


def test_certificates_of_keytool_are_trusted_by_its_attribute_alone(
    of_java: Path, entry: KeyEntry
) -> None:
    """Chain certificates are there without it, under their subjects' names."""
    found = pkcs12.read(of_java.read_bytes(), opening(PASSWORD))

    marked = {(one.name, one.der): one.trusted for one in found.certificates}
    assert {
        ("trusted", entry.chain[2]): True,
        ("CN=Test Root", entry.chain[2]): False,
        ("CN=Test CA 1", entry.chain[1]): False,
    } == {(name.replace("cn=", "CN="), der): trusted for (name, der), trusted in marked.items()}


# ---- OpenSSL

_PBES = (
    *("PBE-SHA1-RC4-128", "PBE-SHA1-RC4-40", "PBE-SHA1-3DES", "PBE-SHA1-2DES"),
    *("PBE-SHA1-RC2-128", "PBE-SHA1-RC2-40", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC"),
    *("DES-EDE3-CBC", "CAMELLIA-256-CBC", "NONE"),
)

_VARIANTS = {
    "default": (),
    "no-mac": ("-nomac",),
    "no-iterations": ("-noiter", "-nomaciter"),
    **{pbe: ("-keypbe", pbe, "-certpbe", pbe) for pbe in _PBES},
    **{f"mac-{h}": ("-macalg", h) for h in ("sha1", "sha224", "sha256", "sha384", "sha512")},
}


def _by_openssl(folder: Path, *options: str, password: str = PASSWORD) -> bytes:
    source = ("-in", str(folder / "chain.pem"), "-name", "Schlüssel €")
    return peers.run(*_OPENSSL, *source, "-passout", f"pass:{password}", *options)


@pytest.mark.parametrize("options", _VARIANTS.values(), ids=_VARIANTS)
def test_file_of_openssl_is_read_in_every_encryption_and_mac(
    options: tuple[str, ...], folder: Path, entry: KeyEntry
) -> None:
    """The key has the certificate with its localKeyId; the CAs' are the file's."""
    found = pkcs12.read(_by_openssl(folder, *options), opening(PASSWORD))

    assert {"Schlüssel €": (_numbers(entry.pkcs8), entry.chain[:1])} == _keys(found)
    assert tuple(FileCertificate("", der, trusted=False) for der in entry.chain[1:]) == (
        found.certificates
    )
    assert () == found.skipped


def test_modern_file_of_openssl_is_read(folder: Path, entry: KeyEntry) -> None:
    """OpenSSL 3's own defaults: PBES2 with AES-256, PBKDF2 and a MAC with SHA-256."""
    data = peers.run(
        *("openssl", "pkcs12", "-export", "-in", str(folder / "chain.pem"), "-name", "one"),
        *("-passout", f"pass:{PASSWORD}"),
    )

    assert {"one": (_numbers(entry.pkcs8), entry.chain[:1])} == _keys(
        pkcs12.read(data, opening(PASSWORD))
    )


@pytest.mark.parametrize("options", [(), ("-nomac",)], ids=["mac", "no-mac"])
def test_wrong_and_missing_password_are_told_apart(options: tuple[str, ...], folder: Path) -> None:
    """One says what to check, the other that the file needs a password at all."""
    data = _by_openssl(folder, *options)

    with pytest.raises(PasswordWrong, match="not the one") as wrong:
        pkcs12.read(data, opening(_WRONG))
    with pytest.raises(PasswordWrong, match=r"none was given\. Give the one"):
        pkcs12.read(data, opening(None))
    assert _WRONG not in str(wrong.value)


def test_wrong_password_is_noticed_when_only_a_key_is_encrypted(folder: Path) -> None:
    """Without a MAC and with clear certificates, the key alone proves the password."""
    data = _by_openssl(folder, "-nomac", "-certpbe", "NONE")

    assert 1 == len(pkcs12.read(data, opening(PASSWORD)).keys)
    with pytest.raises(PasswordWrong):
        pkcs12.read(data, opening(_WRONG))


@pytest.fixture(scope="module")
def with_two_passwords(folder: Path) -> bytes:
    """A file whose MAC is by one password and all else by another: openssl pkcs12 -twopass.

    OpenSSL asks for both on the terminal; without one it reads them from its input.
    """
    made = folder / "two.p12"
    answers = "".join(f"{answer}\n" for answer in (PASSWORD, PASSWORD, "another", "another"))
    peers.require("setsid")
    peers.run(
        *("setsid", "-w", *_OPENSSL, "-twopass", "-in", str(folder / "chain.pem")),
        *("-name", "two", "-out", str(made)),
        data=answers.encode(),
    )
    return made.read_bytes()


def test_file_with_two_passwords_opens_with_both(
    with_two_passwords: bytes, entry: KeyEntry
) -> None:
    """The second one opens the certificates as well as the key."""
    found = pkcs12.read(with_two_passwords, opening(PASSWORD, "another"))

    assert {"two": (_numbers(entry.pkcs8), entry.chain[:1])} == _keys(found)
    assert 2 == len(found.certificates)


def test_file_with_two_passwords_asks_for_the_second(with_two_passwords: bytes) -> None:
    """The refusal says that the given one is right, and what is missing."""
    with pytest.raises(PasswordWrong, match="password of the keys"):
        pkcs12.read(with_two_passwords, opening(PASSWORD))


# ---- others


def test_file_of_nss_is_read_with_all_its_keys(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """pk12util exports every key under a nickname; two share it when their subjects are equal."""
    peers.require("pk12util")
    database = f"sql:{tmp_path_factory.mktemp('nss')}"
    peers.run("certutil", "-N", "-d", database, "--empty-password")
    keys = {}
    for number in range(2):
        issued = pki_maker.issue("twin", pki_maker.make_key("rsa2048"))
        keys[issued.der] = _numbers(_pkcs8(issued))
        file = folder / f"twin{number}.p12"
        entry = KeyEntry("twin", _pkcs8(issued), (issued.der,))
        file.write_bytes(keystore_files.write_pkcs12([entry], PASSWORD, 2))
        peers.run("pk12util", "-i", str(file), "-d", database, "-W", PASSWORD)
    made = folder / "nss.p12"
    peers.run("pk12util", "-o", str(made), "-n", "twin", "-d", database, "-W", "pässwörd-€")

    found = pkcs12.read(made.read_bytes(), opening("pässwörd-€"))

    assert keys == {key.certificates[0]: _numbers(key.pkcs8.reveal()) for key in found.keys}
    assert ("twin", "twin") == tuple(key.name for key in found.keys)


@pytest.mark.parametrize(
    ("options", "password"),
    [
        (("--password", PASSWORD), PASSWORD),
        (("--password", "pässwörd-€"), "pässwörd-€"),
        (("--password", PASSWORD, "--pkcs-cipher", "rc2-40"), PASSWORD),
        (("--empty-password", "--password", ""), ""),
        (("--null-password",), ""),
        (("--null-password",), None),
    ],
    ids=["ascii", "beyond-ascii", "rc2-40", "empty", "absent-as-empty", "absent"],
)
def test_file_of_certtool_is_read(
    options: tuple[str, ...], password: str | None, folder: Path, entry: KeyEntry
) -> None:
    """GnuTLS tells an empty password from an absent one; either opens the other's files here."""
    made = folder / "gnutls.p12"
    peers.run(
        *("certtool", "--to-p12", "--load-privkey", str(folder / "key.pem"), "--p12-name", "g"),
        *("--load-certificate", str(folder / "leaf.pem"), "--outder", "--outfile", str(made)),
        *options,
    )

    found = pkcs12.read(made.read_bytes(), opening(password))

    assert {"g": (_numbers(entry.pkcs8), entry.chain[:1])} == _keys(found)


def test_file_of_the_library_is_read(chain: tuple[Issued, ...], entry: KeyEntry) -> None:
    """What cryptography writes has the certificates of the chain without names."""
    leaf, *others = (issued.certificate for issued in chain)
    data = library.serialize_key_and_certificates(
        b"lib",
        chain[0].key,  # type: ignore[arg-type]  # an EC key
        leaf,
        others,
        BestAvailableEncryption(PASSWORD.encode()),
    )

    found = pkcs12.read(data, opening(PASSWORD))

    assert {"lib": (_numbers(entry.pkcs8), entry.chain[:1])} == _keys(found)
    assert entry.chain[1:] == tuple(one.der for one in found.certificates)


def test_1800_keys_arrive_with_their_certificates(many_entries: list[KeyEntry]) -> None:
    """Every key has its name and its own certificate; the two CAs are there once."""
    data = keystore_files.write_pkcs12(many_entries, PASSWORD, 2)

    found = pkcs12.read(data, opening(PASSWORD))

    assert [(one.alias, one.pkcs8, one.chain[:1]) for one in many_entries] == [
        (key.name, key.pkcs8.reveal(), key.certificates) for key in found.keys
    ]
    assert set(many_entries[0].chain[1:]) == {one.der for one in found.certificates}


# ---- what no tool here writes


@pytest.mark.parametrize("prf", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
def test_pbmac1_is_verified(prf: str, hash_name: str, entry: KeyEntry) -> None:
    """RFC 9579: the key by PBKDF2, the MAC by another hash; what stands beside is ignored."""
    safe = files.data(files.contents(files.clear_key(entry.pkcs8, files.name("a"))))
    data = files.pfx([safe], files.pbmac1("ü".encode(), prf=prf, hash_name=hash_name))

    assert ["a"] == [key.name for key in pkcs12.read(data, opening("ü")).keys]
    with pytest.raises(PasswordWrong):
        pkcs12.read(data, opening(_WRONG))


def test_pbmac1_without_length_of_the_key_is_refused(entry: KeyEntry) -> None:
    """RFC 9579 section 4 requires it."""
    safe = files.data(files.contents(files.clear_key(entry.pkcs8)))

    with pytest.raises(KeystoreUnreadable):
        pkcs12.read(files.pfx([safe], files.pbmac1(b"x", length=None)), opening("x"))


def test_content_with_a_changed_byte_does_not_verify(entry: KeyEntry) -> None:
    """The MAC covers what is not encrypted, too."""
    safe = files.data(files.contents(files.clear_key(entry.pkcs8, files.name("name"))))
    data = files.pfx([safe], files.pbmac1(b"x"))

    with pytest.raises(PasswordWrong, match="altered"):
        pkcs12.read(data.replace(b"\0n\0a\0m\0e", b"\0g\0a\0m\0e"), opening("x"))


def test_key_under_another_password_is_opened_by_it_or_locked(entry: KeyEntry) -> None:
    """A single key that does not open leaves the others as they are."""
    safe = files.contents(
        files.shrouded_key(files.by_pbkdf2(entry.pkcs8, b"store", salt=b"1"), files.name("a")),
        files.shrouded_key(files.by_pbkdf2(entry.pkcs8, b"other", salt=b"2"), files.name("b")),
        files.shrouded_key(files.by_pbkdf2(entry.pkcs8, b"store", salt=b"3"), files.name("c")),
    )
    data = files.pfx([files.data(safe)], files.pbmac1(b"store"))

    both = pkcs12.read(data, opening("store", "other"))
    one = pkcs12.read(data, opening("store"))

    assert (["a", "b", "c"], ()) == ([key.name for key in both.keys], both.locked)
    assert (["a", "c"], ()) == ([key.name for key in one.keys], one.skipped)
    assert (LockedKey("b", 1, ()),) == one.locked
    assert ["a", "b", "c"] == [key.name for key in one.all_keys]


def test_locked_key_has_the_certificates_of_its_local_key_id(entry: KeyEntry) -> None:
    """Unless another key has the same one: nothing tells then which of them is meant."""
    hidden = files.by_pbkdf2(entry.pkcs8, b"other")
    own = files.certificate(entry.chain[0], files.key_id(b"1"))
    locked, second = (files.shrouded_key(hidden, files.key_id(n)) for n in (b"1", b"2"))
    mac = files.pbmac1(b"store")

    one = pkcs12.read(
        files.pfx([files.data(files.contents(locked, second, own))], mac), opening("store")
    )
    two = pkcs12.read(
        files.pfx([files.data(files.contents(locked, locked, own))], mac), opening("store")
    )

    assert ((entry.chain[0],), ()) == tuple(key.certificates for key in one.locked)
    assert () == one.certificates
    assert ((), ()) == tuple(key.certificates for key in two.locked)
    assert [entry.chain[0]] == [certificate.der for certificate in two.certificates]


@pytest.mark.parametrize(
    ("mac", "password", "proven"),
    [(b"p", "p", True), (b"", "", False), (b"", None, False), (None, "p", False)],
)
def test_file_is_proven_by_a_mac_under_a_password(
    mac: bytes | None,
    password: str | None,
    proven: bool,  # noqa: FBT001
    entry: KeyEntry,
) -> None:
    """Not without a MAC, nor by the empty password, which whoever alters the file knows."""
    safe = files.data(files.contents(files.clear_key(entry.pkcs8)))
    data = files.pfx([safe]) if mac is None else files.pfx([safe], files.pbmac1(mac))

    assert proven == pkcs12.read(data, opening(password)).proven


def test_scrypt_opens_keys_and_safes(entry: KeyEntry, folder: Path) -> None:
    """The encrypted key comes from openssl pkcs8 -scrypt."""
    encrypted = peers.run(
        *("openssl", "pkcs8", "-topk8", "-scrypt", "-scrypt_N", "1024", "-outform", "DER"),
        *("-in", str(folder / "key.pem"), "-passout", "pass:scrypt"),
    )
    data = files.pfx([files.data(files.contents(files.bag(files.SHROUDED, encrypted)))])

    found = pkcs12.read(data, opening("scrypt"))

    assert {"": (_numbers(entry.pkcs8), ())} == _keys(found)


def test_keys_in_an_encrypted_safe_are_opened(entry: KeyEntry) -> None:
    """A key may be encrypted twice: with its safe, and for itself."""
    twice = files.shrouded_key(files.by_pbkdf2(entry.pkcs8, b"p", salt=b"1"), files.name("k"))
    safe = files.encrypted(files.by_pbkdf2(files.contents(twice), b"p", salt=b"2"))

    found = pkcs12.read(files.pfx([safe]), opening("p"))

    assert {"k": (_numbers(entry.pkcs8), ())} == _keys(found)


def test_foreign_content_is_skipped_with_its_reason(entry: KeyEntry) -> None:
    """Nothing of it is looked into, and the rest is read."""
    contents = files.contents(
        files.bag(files.CRL, b"\x30\x00", files.name("crl")),
        files.bag(files.SECRET, b"\x30\x00"),
        files.bag("1.2.3.4", b"\x05\x00"),
        files.certificate(entry.chain[0], sdsi=True),
        files.certificate(entry.chain[0], files.name("good")),
    )
    enveloped = files.content_info(files.ENVELOPED, b"\x30\x00")
    unknown = files.content_info("1.2.3", b"\x30\x00")
    cast = files.pbes2(b"", bytes(32), files.pbkdf2(1), cipher="1.2.840.113533.7.66.10")

    found = pkcs12.read(
        files.pfx([files.data(contents), enveloped, unknown, files.encrypted(cast)]) + b"\r\n",
        opening(None),
    )

    assert ["good"] == [one.name for one in found.certificates]
    assert [
        ("crl", "a revocation list, which has no place here"),
        ("", "a secret key, which has no place here"),
        ("", "content of an unknown kind (1.2.3.4)"),
        ("", "a certificate of another kind than X.509"),
        ("", "a part that is encrypted for a certificate's owner, not by password"),
        ("", "a part of an unknown kind (1.2.3)"),
        ("", "a part in an encryption that is not known here (1.2.840.113533.7.66.10)"),
        ("", "2 bytes behind the end of the keystore, which are not part of it"),
    ] == [(skipped.name, skipped.reason) for skipped in found.skipped]


def test_file_without_password_needs_none(entry: KeyEntry) -> None:
    """No MAC and nothing encrypted: a password is neither asked for nor in the way."""
    data = files.pfx([files.data(files.contents(files.certificate(entry.chain[0])))])

    assert pkcs12.read(data, opening(None)) == pkcs12.read(data, opening("anything"))


# ---- hostile files


def test_decryption_in_python_is_counted_as_rounds() -> None:
    """RC2 is slower than the derivation of its key, and is refused before it is done."""
    parameters = tlv(0x30, tlv(4, b"salt"), files.integer(1))
    rc2_40 = tlv(0x30, files.oid("1.2.840.113549.1.12.1.6"), parameters)
    data = files.pfx([files.encrypted((rc2_40, bytes(64 * 1024)))])

    with pytest.raises(KeyDerivationTooCostly, match=r"takes [0-9,]+ rounds"):
        pkcs12.read(data, opening("any", limit_rounds=10_000))
    with pytest.raises(PasswordWrong):
        pkcs12.read(data, opening("any", limit_rounds=100_000))


def test_file_cut_off_anywhere_is_a_problem(entry: KeyEntry) -> None:
    """Every shorter piece of a file is refused as damaged."""
    data = _small(entry)

    for length in range(len(data)):
        with pytest.raises(KeystoreUnreadable):
            pkcs12.read(data[:length], opening("p"))


def test_file_with_a_changed_byte_ends_in_a_value_or_a_problem(entry: KeyEntry) -> None:
    """Whatever byte changes, nothing but a Problem is raised."""
    data, chance = _small(entry), random.Random(7)
    places = [*range(120), *chance.sample(range(120, len(data)), 400)]

    refused = 0
    for place in places:
        changed = bytearray(data)
        changed[place] ^= chance.randrange(1, 256)
        try:
            pkcs12.read(bytes(changed), opening("p", limit_rounds=10_000))
        except Problem:
            refused += 1
    assert refused > len(places) // 2


def _small(entry: KeyEntry) -> bytes:
    shrouded = files.shrouded_key(files.by_pbkdf2(entry.pkcs8, b"p"), files.name("k"))
    certificate = files.certificate(entry.chain[0], files.key_id(b"1"))
    safes = [
        files.encrypted(files.by_pbkdf2(files.contents(certificate), b"p", salt=b"safe")),
        files.data(files.contents(shrouded)),
    ]
    return files.pfx(safes, files.pbmac1(b"p"))


_COSTLY = {
    "2^31 - 1": (files.integer(2**31 - 1), "2,147,483,647 rounds"),
    "2^31": (files.integer(2**31), "2,147,483,648 rounds"),
    "thousands of digits": (files.integer(1 << 80_000), "more than 18,446,744,073,709,551,616"),
}


@pytest.mark.parametrize(("rounds", "words"), _COSTLY.values(), ids=_COSTLY)
def test_rounds_beyond_the_limit_are_refused_before_any_work(rounds: bytes, words: str) -> None:
    """The refusal names what the file asks for and what is allowed."""
    data = files.pfx([], files.mac_of(rounds))

    with pytest.raises(KeyDerivationTooCostly) as refused:
        pkcs12.read(data, opening("p"))
    assert refused.value.asked.startswith(words)
    assert "10,000,000" == refused.value.limit


def test_rounds_beyond_two_to_the_31_are_refused_whatever_the_limit() -> None:
    """A limit cannot be set so high that a file stops the work for days."""
    data = files.pfx([], files.mac_of(files.integer(2**31)))

    with pytest.raises(KeyDerivationTooCostly):
        pkcs12.read(data, opening("p", limit_rounds=2**40))


def test_rounds_of_all_keys_are_summed() -> None:
    """Each single key is below the limit; the refusal names MAC, safe and keys together."""
    keys = [
        files.shrouded_key(files.pbes2(b"", bytes(32), files.pbkdf2(100, salt=bytes([n]))))
        for n in range(50)
    ]
    safe = files.encrypted(files.by_pbkdf2(files.contents(), b"p", rounds=100, salt=b"safe"))
    data = files.pfx([files.data(files.contents(*keys)), safe], files.mac_of(files.integer(1_000)))

    with pytest.raises(KeyDerivationTooCostly) as refused:
        pkcs12.read(data, opening("p", limit_rounds=6_099))
    assert "6,100 rounds of key derivation" == refused.value.asked


def test_keys_hidden_in_an_encrypted_safe_are_counted() -> None:
    """Their rounds are not known before the safe is open, and are counted before any key is."""
    costly = files.shrouded_key(files.pbes2(b"", bytes(32), files.pbkdf2(2**30)))
    safe = files.encrypted(files.by_pbkdf2(files.contents(costly), b"p", rounds=2, salt=b"safe"))

    with pytest.raises(KeyDerivationTooCostly, match="1,073,741,826 rounds"):
        pkcs12.read(files.pfx([safe]), opening("p"))


def test_scrypt_with_much_memory_is_refused() -> None:
    """The memory has a limit of its own."""
    costly = files.shrouded_key(files.pbes2(b"", bytes(32), files.scrypt(2**22, 8, 1)))

    with pytest.raises(KeyDerivationTooCostly, match="bytes of memory for scrypt"):
        pkcs12.read(
            files.pfx([files.data(files.contents(costly))]), opening("p", limit_rounds=2**31)
        )


def _nested(depth: int, inmost: bytes) -> bytes:
    for _ in range(depth):
        inmost = files.bag(files.NESTED, files.contents(inmost))
    return files.pfx([files.data(files.contents(inmost))])


def test_nested_safes_are_read_up_to_their_bound(entry: KeyEntry) -> None:
    """The bound is inclusive; beyond it the file is refused, however deep it goes."""
    certificate = files.certificate(entry.chain[0])

    found = pkcs12.read(_nested(MOST_NESTED, certificate), opening(None))

    assert [entry.chain[0]] == [one.der for one in found.certificates]
    for depth in (MOST_NESTED + 1, 5_000):
        with pytest.raises(KeystoreUnreadable, match="nested more than 8 deep"):
            pkcs12.read(_nested(depth, certificate), opening(None))


def test_too_many_bags_are_refused() -> None:
    """The bound counts the bags of all safes together, and the safes."""
    half = files.data(files.contents(*[files.bag("1.2.3", b"\x05\x00")] * (MOST_BAGS // 2 - 1)))

    assert MOST_BAGS - 2 == len(pkcs12.read(files.pfx([half, half]), opening(None)).skipped)
    with pytest.raises(KeystoreUnreadable, match="more than 20,000 entries"):
        pkcs12.read(files.pfx([half, half, half]), opening(None))


_MALFORMED = {
    "empty": b"",
    "version 4": files.pfx([]).replace(b"\x02\x01\x03", b"\x02\x01\x04", 1),
    "zero rounds": files.pfx([], files.mac_of(files.integer(0))),
    "negative rounds": files.pfx([], files.mac_of(files.integer(-1))),
    "rounds that are no number": files.pfx([], files.mac_of(b"\x04\x01\x01")),
    "unknown MAC": files.pfx([], files.mac_of(files.integer(1), digest="1.2.840.113549.2.5")),
    "signed": files.pfx([], kind=files.SIGNED),
    "safes that are none": files.pfx([b"\x04\x00"]),
    "bag without value": files.pfx([files.data(files.contents(b"\x30\x00"))]),
    "length beyond the end": b"\x30\x84\x7f\xff\xff\xff\x02\x01\x03",
}


@pytest.mark.parametrize("data", _MALFORMED.values(), ids=_MALFORMED)
def test_malformed_file_is_unreadable(data: bytes) -> None:
    """What is no PKCS#12, or protected in an unknown way, is a problem that says so."""
    with pytest.raises(KeystoreUnreadable, match="PKCS#12"):
        pkcs12.read(data, opening("p"))


def test_recognises_its_files_alone(entry: KeyEntry) -> None:
    """By SEQUENCE and version 3; keys, certificates and Java's files are others."""
    assert pkcs12.recognises(_small(entry))
    assert pkcs12.recognises(b"\x30\x80\x02\x01\x03")
    for other in (entry.pkcs8, entry.chain[0], b"\xfe\xed\xfe\xed", b"", b"\x30", b"PuTTY"):
        assert not pkcs12.recognises(other)
