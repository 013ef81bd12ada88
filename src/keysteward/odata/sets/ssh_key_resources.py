"""SSHKeyResources: the public key of an entry as SSH's programs write it."""

from keysteward.keystore.downloads import DownloadKind
from keysteward.odata import model
from keysteward.odata.contract import Call
from keysteward.odata.entities import Entity
from keysteward.odata.formats.writers import Content
from keysteward.odata.paths import Key
from keysteward.odata.reading import media


def find(call: Call, key: Key) -> Entity:
    """Return what is said of an entry's public key. Raises AliasNotFound."""
    return media.entity(call, key, model.SSH_KEY_RESOURCE)


def content(call: Call, key: Key) -> Content:
    """Return the key on one line. Raises AliasNotFound, KeyTypeUnsupported."""
    return media.content(call, key, DownloadKind.PUB)
