"""What a file can be instead of a signing response, and what its sender should do then."""

import re
from enum import Enum


class Foreign(Enum):
    """Something that is no certificate: its name with the article, and the remedy."""

    EMPTY = ("empty", "Fetch it from the CA again.")
    REQUEST = (
        "a certificate signing request (CSR)",
        "Send it to the CA, and upload the certificate that the CA returns.",
    )
    REVOCATION_LIST = (
        "a certificate revocation list (CRL)",
        "Ask the CA for the certificate and its chain.",
    )
    PRIVATE_KEY = (
        "a private key",
        (
            "It was not kept. Delete the file if others can read it, and upload the CA's "
            "certificate; to bring a key into the keystore, add it as a key pair."
        ),
    )
    ENCRYPTED_PRIVATE_KEY = (
        "an encrypted private key",
        (
            "It was not kept. Upload the CA's certificate; to bring a key into the keystore, add "
            "it as a key pair."
        ),
    )
    PUBLIC_KEY = (
        "a public key",
        "Upload the certificate that the CA made of it.",
    )
    PARAMETERS = ("a set of key parameters", "Upload the certificate that the CA returned.")
    PKCS12 = (
        "a PKCS#12 keystore",
        (
            "It holds a private key of its own. Take the certificates out of it (openssl pkcs12 "
            "-nokeys), or ask the CA for a PKCS#7 or PEM file."
        ),
    )
    JKS = (
        "a Java keystore (JKS)",
        "Export the certificate chain from it (keytool -list -rfc), and upload that.",
    )
    JCEKS = (
        "a Java keystore (JCEKS)",
        (
            "Export the certificate chain from it (keytool -list -rfc -storetype JCEKS), and "
            "upload that."
        ),
    )
    SERIALIZED_STORE = (
        "a Microsoft serialized certificate store (SST)",
        "Export the certificates as PKCS#7 (P7B) instead.",
    )
    ENVELOPED_DATA = (
        "an encrypted message (CMS EnvelopedData)",
        "Decrypt it with the key that it was encrypted for, and upload what was in it.",
    )
    OTHER_CMS = (
        "a CMS message without certificates",
        "Ask the CA for the certificate as PKCS#7 SignedData or PEM.",
    )
    PKCS7_WITHOUT_CERTIFICATES = (
        "a PKCS#7 file without certificates",
        "Ask the CA for the certificate and its chain.",
    )
    EMPTY_PATH = (
        "a certificate path without certificates",
        "Ask the CA for the certificate and its chain.",
    )
    ATTRIBUTE_CERTIFICATE = (
        "an attribute certificate",
        "Ask the CA for the public key certificate (X.509).",
    )
    OTHER_CERTIFICATE = (
        "a certificate that is not X.509",
        "Ask the CA for the public key certificate (X.509).",
    )
    OCSP_RESPONSE = (
        "an OCSP response",
        "It tells a certificate's status. Ask the CA for the certificate itself.",
    )
    OTHER_BLOCK = (
        "a PEM file of another kind",
        "Ask the CA for the certificate as PEM, DER or PKCS#7.",
    )
    PGP = ("an OpenPGP file", "Ask the CA for an X.509 certificate.")
    SSH_KEY = ("an SSH public key", "Upload the X.509 certificate that the CA returned.")
    HTML = (
        "an HTML page",
        (
            "It is probably an error or sign-in page: open it in a browser, then download the "
            "certificate again."
        ),
    )
    JSON = (
        "a JSON document",
        "It is probably an error message: read it, then download the certificate again.",
    )
    XML = (
        "an XML document",
        "It is probably an error message: read it, then download the certificate again.",
    )
    PDF = ("a PDF document", "Ask the CA for the certificate as PEM, DER or PKCS#7.")
    ZIP = ("a ZIP archive", "Unpack it, and upload the file with the certificate.")
    GZIP = ("a GZIP archive", "Unpack it, and upload the file with the certificate.")
    OTHER_ARCHIVE = ("a packed archive", "Unpack it, and upload the file with the certificate.")
    TEXT = ("plain text", "Upload the file with the certificate that the CA returned.")
    BINARY = (
        "a binary file of an unknown kind",
        "Ask the CA for the certificate as PEM, DER or PKCS#7.",
    )

    @property
    def found(self) -> str:
        """What it is, for "The file is …"."""
        return self.value[0]

    @property
    def remedy(self) -> str:
        """What to do, as sentences."""
        return self.value[1]

    @property
    def is_private_key(self) -> bool:
        """Whether it is a private key, encrypted or not."""
        return self in (Foreign.PRIVATE_KEY, Foreign.ENCRYPTED_PRIVATE_KEY)


_TEXT_BYTES = bytes(b for b in range(256) if b >= 0x20 and b != 0x7F) + b"\t\n\v\f\r\x1a\x1b"

_BLANK = b"\xef\xbb\xbf \t\r\n\v\f"

_TEXTS = (
    (re.compile(rb"(?is)(?=<).*?<(?:!doctype\s+html|html|head|body)\b"), "HTML"),
    (re.compile(rb"<(?:\?xml|[A-Za-z!])"), "XML"),
    (re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"\]]"), "JSON"),
    (re.compile(rb"PuTTY-User-Key-File-"), "PRIVATE_KEY"),
    (re.compile(rb"(?:ssh-|ecdsa-sha2-|sk-ssh-)[a-z0-9@.-]+ AAAA|---- BEGIN SSH2 PUB"), "SSH_KEY"),
)


def is_text(data: bytes) -> bool:
    """Return whether no control characters but those of text files occur, in any charset."""
    return not data.translate(None, _TEXT_BYTES)


def name(data: bytes) -> Foreign:
    """Return what a file is in which no reader has found anything."""
    start = data[:4096].lstrip(_BLANK)
    if not start and not data.strip(_BLANK):
        return Foreign.EMPTY
    if not is_text(data):
        return Foreign.BINARY
    for pattern, kind in _TEXTS:
        if pattern.match(start):
            return Foreign[kind]
    return Foreign.TEXT
