"""TLS contexts of a key pair, made without its private key ever lying on a disk."""

import contextlib
import secrets
import ssl

from keysteward.entries import Entry
from keysteward.keystore import key_pairs
from keysteward.keystore.steward import Steward, require_key_pair
from keysteward.pki import memory_files, private_keys, tls_support
from keysteward.pki.certificates import Certificate
from keysteward.problems import KeyNotUsableForTls
from keysteward.values import Alias, Secret

_PASSWORD_BYTES = 32


def context_of(steward: Steward, entry: Entry | None) -> ssl.SSLContext:
    """Return the context of an entry's current version; for None one that shows no certificate.

    Receivers are verified by the certificate entries marked trusted and the configured bundle.
    Raises NotAKeyPair, SealedKeyDamaged, and what ``client_context`` does.
    """
    anchors = anchors_of(steward)
    if entry is None:
        return trusting(anchors)
    require_key_pair(entry)
    key = key_pairs.unseal_private_key(steward, entry.version)
    return client_context(entry.version.chain, key, anchors, entry.alias)


def anchors_of(steward: Steward) -> tuple[Certificate, ...]:
    """Return what verifies receivers: the entries marked trusted, and the configured bundle."""
    return (*steward.store.all_trusted(steward.keystore_id), *steward.bundle)


def accept_any_server(context: ssl.SSLContext) -> None:
    """Let a context take every server's certificate: for tests that say so, never to send data."""
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def client_context(
    chain: tuple[Certificate, ...],
    key_pkcs8: Secret,
    anchors: tuple[Certificate, ...],
    alias: Alias,
) -> ssl.SSLContext:
    """Return a context for connections that show this chain, and trust these anchors alone.

    The private key goes to OpenSSL through a file in memory, encrypted under a password that lives
    for this call only; when it returns, OpenSSL's own copy of the key is the only one left here.

    The chain is sent as it is stored, root included. RFC 8446 section 4.4.2 lets the root be left
    out and makes no receiver refuse it; what the receiver's log shows is then what the keystore
    shows, and a receiver that lacks the root can at least name it. Only where the end-entity
    certificate is stored alone does OpenSSL itself add issuers, from among the anchors.

    Args:
        chain: end-entity first; the end-entity certificate is the key's.
        key_pkcs8: the unsealed key, PKCS#8 in DER.
        anchors: certificates that verify receivers. One that is not self-signed is trusted by
            itself, as marked by the administrator (RFC 5280 section 6.1 leaves the form of an
            anchor open). With none, every receiver is refused.
        alias: for the text of a problem.

    Raises KeyNotUsableForTls with this TLS library's reason for refusing key or chain, and
    TlsFromMemoryUnavailable where the system has no files in memory.
    """
    reason = tls_support.reason_unusable(chain[0])
    if reason is not None:
        raise KeyNotUsableForTls(alias, reason)
    context = trusting(anchors)
    pem = "".join(ssl.DER_cert_to_PEM_cert(certificate.der) for certificate in chain)
    password = Secret(secrets.token_hex(_PASSWORD_BYTES).encode())
    with (
        memory_files.memory_file(pem.encode()) as certificates,
        memory_files.memory_file(private_keys.encrypt_for_tls(key_pkcs8, password)) as key,
    ):
        try:
            context.load_cert_chain(certificates, key, password.reveal)
        except ssl.SSLError as error:
            reason = tls_support.reason_chain_unusable(chain)
            raise KeyNotUsableForTls(alias, reason or tls_support.words(error)) from error
    return context


def trusting(anchors: tuple[Certificate, ...]) -> ssl.SSLContext:
    """Return a client context without a key pair that trusts these anchors alone.

    Receivers are verified with their host name; TLS 1.2 is the least.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Some receivers ask for the certificate only after they have seen the path of a request
    # (RFC 8446 section 4.6.2).
    context.post_handshake_auth = True
    for anchor in anchors:
        # One that this TLS library cannot read verifies nothing, and takes nothing from the others.
        with contextlib.suppress(ssl.SSLError):
            context.load_verify_locations(cadata=anchor.der)
    if not all(anchor.self_signed for anchor in anchors):
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return context
