"""The partner package: all that the other side needs of an entry, in one zip, explained."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from keysteward.formats import downloads, file_names
from keysteward.pki.certificates import Certificate

_README = "README.txt"

_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""What the time stamps of a zip can say."""

_RULE = "-" * 72


def partner_package(
    alias: str, chain: Sequence[Certificate], root: Certificate | None, at: datetime
) -> bytes:
    """Return a zip with the certificate, its chain, its root if it is known, and what they are.

    The same arguments give the same bytes. There is nothing but public content in it.

    Args:
        alias: of the entry; names the files.
        chain: end-entity first.
        root: also where the chain holds it; None if nobody knows it.
        at: time of writing, aware; stands in the text and on the files.
    """
    files: dict[str, tuple[bytes, str]] = {}

    def add(suffix: str, content: bytes, purpose: str) -> None:
        files[file_names.safe_file_name(alias, suffix)] = content, purpose

    add(".cer", downloads.certificate_cer(chain[0]), "the certificate (text, PEM)")
    add(".der", chain[0].der, "the same certificate (binary, DER)")
    add("_chain.pem", downloads.chain_pem(chain), "the certificate, then its issuers (text, PEM)")
    add(".p7b", downloads.chain_p7b_der(chain), "the same chain (binary, PKCS#7)")
    if root is not None and root != chain[0]:
        add("_rootCA.cer", downloads.certificate_cer(root), "the root certificate (text, PEM)")
    moment = at.astimezone(UTC)
    lines = _lines(alias, {name: purpose for name, (_, purpose) in files.items()}, chain, root)
    written = f"Written on {_shown(moment)}. Public content only: there is no private key in it."
    text = "\r\n".join((f"Certificate of {alias!r}", written, *lines, ""))
    # Names of certificates may hold what UTF-8 has no bytes for.
    contents = {_README: text.encode(errors="replace")}
    contents |= {name: content for name, (content, _) in files.items()}
    return zipped(contents, moment)


def zipped(contents: Mapping[str, bytes], moment: datetime) -> bytes:
    """Return a zip of files by their names, which all have the same time; it is not compressed.

    The same arguments give the same bytes.
    """
    year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR)
    stamp = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    target = io.BytesIO()
    # Stored, since what is compressed depends on the version of zlib.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            member = zipfile.ZipInfo(name, stamp)
            member.create_system, member.external_attr = 3, 0o100644 << 16  # Unix, rw-r--r--
            archive.writestr(member, contents[name])
    return target.getvalue()


def _lines(
    alias: str,
    purposes: Mapping[str, str],
    chain: Sequence[Certificate],
    root: Certificate | None,
) -> Iterator[str]:
    yield from ("", "FILES", _RULE)
    width = max(map(len, purposes))
    for name, purpose in purposes.items():
        yield f"{name:{width}}  {purpose}"
    yield from ("", "WHAT TO DO", _RULE)
    yield "Before you trust anything here, compare the SHA-256 fingerprints below with"
    yield "the sender by another way than the one that brought you this file."
    yield f"To accept this one certificate: {file_names.safe_file_name(alias, '.cer')}."
    if root == chain[0]:
        yield "It is self-signed, so it is its own root; no CA vouches for it."
    elif root is None:
        yield f"The root is not in this package; ask the CA of {chain[-1].issuer!r} for it."
    else:
        yield "To accept whatever the same CA issues: import the root certificate as trusted,"
        yield "and the issuers from the chain where your system asks for intermediates."
    members = dict.fromkeys((*chain, *(() if root is None else (root,))))
    for number, certificate in enumerate(members, 1):
        yield ""
        yield f"CERTIFICATE {number} of {len(members)}: {_role(certificate, chain, root)}"
        yield _RULE
        yield from _facts(certificate)


def _role(certificate: Certificate, chain: Sequence[Certificate], root: Certificate | None) -> str:
    if certificate == chain[0]:
        return "the certificate itself"
    return "the root" if certificate == root else "an issuer"


def _facts(certificate: Certificate) -> Iterator[str]:
    number = certificate.serial_number
    digits = f"{abs(number):x}"
    serial = "-" * (number < 0) + _pairs(digits.zfill(len(digits) + len(digits) % 2))
    yield f"Subject      {certificate.subject}"
    yield f"Issuer       {certificate.issuer}"
    yield f"Serial       {serial} (decimal {number})"
    yield f"Valid from   {_shown(certificate.not_before)}"
    yield f"Valid until  {_shown(certificate.not_after)}"
    yield f"Key          {certificate.key}"
    yield f"SHA-256      {_pairs(certificate.fingerprint)}"
    yield f"SHA-1        {_pairs(certificate.fingerprint_sha1)}"


def _pairs(digits: str) -> str:
    """Return hexadecimal digits as openssl and keytool show them: ``0A:1B``."""
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2)).upper()


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
