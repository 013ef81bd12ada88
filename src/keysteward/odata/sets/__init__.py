"""The entity sets: one file each, and the registry of what is behind their addresses."""

from keysteward.odata import model
from keysteward.odata.contract import LiveSet, Writing
from keysteward.odata.sets import (
    certificate_chain_resources,
    certificate_resources,
    certificate_signing_requests,
    chain_certificates,
    history_keystore_entries,
    key_pair_generation_requests,
    key_pair_resources,
    keystore_entries,
    keystore_resources,
    keystores,
    rsa_key_generation_requests,
    runtime_sync_infos,
    ssh_key_generation_requests,
    ssh_key_resources,
)
from keysteward.rights import Permission

_READ = Permission.MONITORING_DATA_READ
_EDIT = Permission.SECURITY_MATERIAL_EDIT
_DOWNLOAD = Permission.SECURITY_MATERIAL_DOWNLOAD

LIVE_SETS: tuple[LiveSet, ...] = (
    LiveSet(
        model.SETS["KeystoreEntries"],
        reads=_READ,
        page=keystore_entries.page,
        find=keystore_entries.find,
        count=keystore_entries.count,
        writes={
            "PUT": Writing(_EDIT, keystore_entries.rename),
            "DELETE": Writing(_EDIT, keystore_entries.delete),
        },
    ),
    LiveSet(
        model.SETS["HistoryKeystoreEntries"],
        reads=_READ,
        page=history_keystore_entries.page,
        find=history_keystore_entries.find,
        count=history_keystore_entries.count,
        writes={"PUT": Writing(_EDIT, history_keystore_entries.restore)},
    ),
    LiveSet(
        model.SETS["Keystores"],
        reads=_READ,
        page=keystores.page,
        find=keystores.find,
        count=keystores.count,
    ),
    LiveSet(
        model.SETS["KeystoreResources"],
        reads=_DOWNLOAD,
        find=keystore_resources.find,
        writes={
            "POST": Writing(
                _EDIT, keystore_resources.post, keystore_resources.post_limit, slow=True
            ),
            "PUT": Writing(_EDIT, keystore_resources.put, keystore_resources.put_limit, slow=True),
        },
    ),
    LiveSet(
        model.SETS["CertificateResources"],
        reads=_READ,
        find=certificate_resources.find,
        content=certificate_resources.content,
        writes={
            "PUT": Writing(
                _EDIT,
                certificate_resources.put,
                certificate_resources.limit,
                alias_missing=400,
            ),
        },
    ),
    LiveSet(
        model.SETS["CertificateChainResources"],
        reads=_READ,
        find=certificate_chain_resources.find,
        content=certificate_chain_resources.content,
        writes={
            "PUT": Writing(
                _EDIT,
                certificate_chain_resources.update,
                certificate_chain_resources.limit,
                alone=True,
            ),
        },
    ),
    LiveSet(
        model.SETS["CertificateSigningRequests"],
        reads=_READ,
        find=certificate_signing_requests.find,
        content=certificate_signing_requests.content,
    ),
    LiveSet(
        model.SETS["SSHKeyResources"],
        reads=_READ,
        find=ssh_key_resources.find,
        content=ssh_key_resources.content,
    ),
    LiveSet(model.SETS["ChainCertificates"], reads=_READ, find=chain_certificates.find),
    LiveSet(
        model.SETS["KeyPairResources"],
        reads=_READ,
        writes={
            "POST": Writing(
                _EDIT,
                key_pair_resources.post,
                key_pair_resources.limit,
                alias_missing=400,
                slow=True,
            ),
        },
    ),
    LiveSet(
        model.SETS["KeyPairGenerationRequests"],
        reads=_READ,
        writes={"POST": Writing(_EDIT, key_pair_generation_requests.post, slow=True)},
    ),
    LiveSet(
        model.SETS["SSHKeyGenerationRequests"],
        reads=_READ,
        writes={
            "POST": Writing(
                _EDIT,
                ssh_key_generation_requests.post,
                ssh_key_generation_requests.limit,
                alias_missing=400,
                slow=True,
            ),
        },
    ),
    LiveSet(
        model.SETS["RSAKeyGenerationRequests"],
        reads=_READ,
        writes={
            "POST": Writing(
                _EDIT,
                rsa_key_generation_requests.post,
                rsa_key_generation_requests.limit,
                locked=423,
            ),
        },
    ),
    LiveSet(
        model.SETS["RuntimeSyncInfos"],
        reads=_READ,
        page=runtime_sync_infos.page,
        find=runtime_sync_infos.find,
        count=runtime_sync_infos.count,
    ),
)
"""Every entity set with the permission of each method; HEAD is as GET."""
