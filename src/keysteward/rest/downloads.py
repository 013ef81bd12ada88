"""Downloads: the public content of an entry or of a whole keystore."""

import json

import msgspec

from keysteward.formats import file_names
from keysteward.keystore import downloads, readings
from keysteward.keystore.downloads import Download, DownloadKind
from keysteward.rest import representations
from keysteward.rest.entries import READ
from keysteward.rest.routing import ENTRY, KEYSTORE, Answer, Call, Content, Routes
from keysteward.rest.wishes import Downloading, Exporting
from keysteward.rights import Permission

NOTICES = "Keysteward-Notices"

routes = Routes("Downloads", "Certificates, chains and public keys as files; never a private key.")


_OF_ENTRIES = (
    "application/pkix-cert",
    "application/pkcs7-mime",
    "application/pem-certificate-chain",
    "application/pkix-pkipath",
    "text/plain",
    "application/zip",
)
_OF_KEYSTORES = ("application/x-pkcs12", "application/x-java-keystore")


@routes.on("GET", f"{ENTRY}/download", READ, media_types=_OF_ENTRIES)
def download_entry(call: Call[Downloading, None]) -> Answer[Content]:
    """One form of an entry's public content.

    What is worth saying of it stands in the header Keysteward-Notices, a JSON list in ASCII.
    """
    store = call.steward.store
    entry = store.get_entry(call.steward.keystore_id, call.alias, call.query.view)
    kind = DownloadKind(call.query.form)
    return _file(downloads.download(call.steward, call.caller, entry, kind))


@routes.on(
    "GET",
    f"{KEYSTORE}/export",
    Permission.SECURITY_MATERIAL_DOWNLOAD,
    slow=True,
    media_types=_OF_KEYSTORES,
)
def export_keystore(call: Call[Exporting, None]) -> Answer[Content]:
    """The certificates of all entries, or of a backup's, as a truststore without a password.

    That it is read is written to the audit log.
    """
    form, backup = call.query.form, call.query.backup
    if backup is None:
        return _file(readings.keystore(call.steward, call.caller, form))
    return _file(readings.backup_keystore(call.steward, call.caller, backup, form))


def _file(found: Download) -> Answer[Content]:
    headers = {"Content-Disposition": file_names.content_disposition(found.file_name)}
    if found.notices:
        notices = msgspec.to_builtins(representations.notices(found.notices))
        headers[NOTICES] = json.dumps(notices)
    return Answer(Content(found.media_type, found.content), headers=headers)
