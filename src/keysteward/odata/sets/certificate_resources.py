"""CertificateResources: certificates are added, updated and read."""

from keysteward.keystore import aliases, certificates
from keysteward.keystore.downloads import DownloadKind
from keysteward.odata import contract, model
from keysteward.odata.changing import answers, uploads
from keysteward.odata.contract import Answer, BodyLimit, Call
from keysteward.odata.entities import Entity
from keysteward.odata.formats.writers import Content
from keysteward.odata.paths import Key
from keysteward.odata.reading import media, sources
from keysteward.problems import UploadTooLarge
from keysteward.settings import Settings


def find(call: Call, key: Key) -> Entity:
    """Return what is said of an entry's certificate. Raises AliasNotFound."""
    return media.entity(call, key, model.CERTIFICATE_RESOURCE)


def content(call: Call, key: Key) -> Content:
    """Return the certificate in PEM, of a key pair the end entity's; or the chain's root.

    Raises AliasNotFound, RootMissing.
    """
    kind = DownloadKind.ROOTCA if call.options.root_ca else DownloadKind.CER
    return media.content(call, key, kind)


def limit(settings: Settings, media_type: str) -> BodyLimit:
    """Return the limit of a certificate's file."""
    most = settings.certificate_limit_bytes
    problem = UploadTooLarge("a certificate", most, "KEYSTEWARD_CERTIFICATE_LIMIT_BYTES")
    return uploads.limit(media_type, most, problem)


def put(call: Call) -> Answer:
    """Take a certificate in under a new alias, with ``update`` under one that is there.

    It is a trust anchor, as every certificate in SAP's keystore. Raises what
    ``add_certificate`` and ``update_certificate`` do.
    """
    sources.require_system(call)
    alias = contract.alias_of(call.resource.key or ())
    aliases.require_own(alias, call.caller)
    data, consent = uploads.read(call), uploads.consent(call)
    if not call.options.update:
        entry = certificates.add_certificate(
            call.steward, call.caller, alias, data, consent=consent
        )
        return answers.entry_changed(call, entry)
    steward = answers.guarded(call)
    entry = answers.tried(
        call,
        lambda: certificates.update_certificate(steward, call.caller, alias, data, consent=consent),
    )
    return answers.entry_changed(call, entry)
