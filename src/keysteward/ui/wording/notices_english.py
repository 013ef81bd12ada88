"""English words of the notices, for people who do not know X.509 well."""

from collections.abc import Mapping
from types import MappingProxyType

from keysteward.notices import NoticeKind

ENGLISH: Mapping[NoticeKind, tuple[str, str]] = MappingProxyType(
    {
        # What the certificate or its chain looks like.
        NoticeKind.NOT_YET_VALID: (
            "The certificate is not valid yet",
            (
                "The certificate, or one above it in the chain, becomes valid only later, and "
                "receivers refuse it until then. Use it when that time has come; if only minutes "
                "are missing, compare the clock of this system with the right time."
            ),
        ),
        NoticeKind.ISSUER_EXPIRED: (
            "An issuer in the chain has expired",
            (
                "A certificate above yours has ended, and receivers that look at it refuse the "
                "whole chain. Ask the certificate authority for its current chain, and use that."
            ),
        ),
        NoticeKind.WEAK_SIGNATURE: (
            "A signature uses an outdated method",
            (
                "A certificate of the chain is signed in a way that can be forged today (SHA-1 or "
                "older), and most receivers refuse it. Ask the certificate authority to issue it "
                "again with SHA-256 or better."
            ),
        ),
        NoticeKind.EXTENDED_KEY_USAGE: (
            "The certificate is not made for this usage",
            (
                "The certificate, or an issuer above it, is limited to other purposes than the one "
                "of this entry, and receivers that check this refuse it. Ask the certificate "
                "authority for a certificate with the right profile, or check the usage of the "
                "entry."
            ),
        ),
        NoticeKind.ANY_EXTENDED_KEY_USAGE: (
            "The certificate names no purpose of its own",
            (
                "It is allowed for any purpose instead of naming the one of this entry; many web "
                "servers refuse that. Try the connection, and if it is refused ask the certificate "
                "authority to name the purpose."
            ),
        ),
        NoticeKind.NO_DIGITAL_SIGNATURE: (
            "The key usage lacks what the usage needs",
            (
                "The certificate does not allow its key to do what the usage of this entry needs, "
                "and receivers that look at it refuse the certificate. Ask the certificate "
                "authority for one with the missing key usage."
            ),
        ),
        NoticeKind.CERTIFICATE_IS_CA: (
            "The certificate could issue other certificates",
            (
                "It is a certificate for a certificate authority, and some receivers refuse such a "
                "one here. Ask the authority whether that was meant; usually the wrong profile was "
                "chosen."
            ),
        ),
        NoticeKind.SELF_SIGNED: (
            "The certificate is self-signed",
            (
                "No certificate authority stands behind it, so each receiver has to be given "
                "exactly this certificate. Send it to them if that is what you agreed on; "
                "otherwise have the signing request signed by an authority."
            ),
        ),
        NoticeKind.UNKNOWN_CRITICAL_EXTENSION: (
            "The certificate has a rule that is not known here",
            (
                "A certificate of the chain carries a rule that must be understood, and a receiver "
                "that does not know it refuses the certificate. Ask the certificate authority what "
                "it means, and the receiver whether its software knows it."
            ),
        ),
        NoticeKind.EXTENSION_UNREADABLE: (
            "A part of the certificate is malformed",
            (
                "An optional part of a certificate in the chain cannot be read; most receivers "
                "ignore that, strict ones refuse the certificate. Tell the certificate authority, "
                "and ask for another certificate if a receiver refuses this one."
            ),
        ),
        NoticeKind.SERIAL_NUMBER: (
            "The serial number is not positive",
            (
                "The number of the certificate is zero or negative, which the standard forbids and "
                "some programs refuse. Ask the certificate authority to issue the certificate "
                "again."
            ),
        ),
        NoticeKind.KEY_NOT_USABLE_FOR_TLS: (
            "This system cannot use the key for connections",
            (
                "Its TLS library refused the key or its certificate when it was tried, so "
                "connections from here will fail. If the key pair is meant for connections from "
                "this system, use one of a usual type, such as RSA."
            ),
        ),
        NoticeKind.SECOND_OPINION: (
            "A second check refuses the chain",
            (
                "A second, independent check found a fault for which receivers may refuse the "
                "chain. Show the reason to the certificate authority."
            ),
        ),
        # How it compares with the latest signing request.
        NoticeKind.SUBJECT_DIFFERS: (
            "The subject is not the one that was asked for",
            (
                "The certificate has another name than the request for it, and receivers that "
                "recognise you by that name will not know you. Compare both, and tell such "
                "receivers the new name before you use it."
            ),
        ),
        NoticeKind.SAN_MISSING: (
            "Names that were asked for are missing",
            (
                "The certificate lacks alternative names that were requested, so it does not count "
                "for these. Ask the certificate authority for a certificate with all names, unless "
                "you do not need them."
            ),
        ),
        # How it compares with the certificate that it replaces.
        NoticeKind.CLIENT_AUTH_LOST: (
            "The certificate cannot be used as a client any more",
            (
                "The present certificate may be used to sign in to receivers as a client, this one "
                "may not: such connections would fail. If the entry is used for them, do not take "
                "this one, and ask for a certificate with client authentication."
            ),
        ),
        NoticeKind.SAN_LOST: (
            "Names get lost",
            (
                "The present certificate has alternative names that this one lacks, and whoever "
                "knows you by these will not know you any more. Ask the certificate authority for "
                "all names, unless they were left out on purpose."
            ),
        ),
        NoticeKind.ROOT_CHANGED: (
            "The chain leads to another root",
            (
                "Receivers that trust only the present root certificate will refuse this chain. "
                "Send them the new root certificate first, and go on when they have added it."
            ),
        ),
        NoticeKind.WEAKER_SIGNATURE: (
            "The signature gets weaker",
            (
                "The certificate is signed with a weaker method than the present one, which is not "
                "necessarily a weak one. Ask the certificate authority whether that was meant if "
                "your rules demand the stronger method."
            ),
        ),
        NoticeKind.CHAIN_SHORTER: (
            "The chain gets shorter",
            (
                "It is the same certificate with fewer certificates above it, and receivers that "
                "lack the missing ones would refuse the connection. Go on only if the shorter "
                "chain is meant."
            ),
        ),
        NoticeKind.KEY_CHANGED: (
            "The private key changes",
            (
                "The entry gets another private key than its present one. Send the new certificate "
                "to partners that keep a copy of the present certificate or its key; nothing else "
                "follows."
            ),
        ),
        NoticeKind.ISSUER_CHANGED: (
            "Another issuer signed the certificate",
            (
                "The certificate was issued under another name than the present one. There is "
                "nothing to do, unless a receiver accepts certificates of the present issuer "
                "alone: tell that one first."
            ),
        ),
        NoticeKind.SHORTER_LIFE: (
            "The certificate is valid for a shorter time",
            (
                "It lasts less long than the one that it replaces, so the next renewal comes "
                "sooner. Adapt your reminders."
            ),
        ),
        NoticeKind.USAGE_CHANGED: (
            "The key pair is for something else now",
            (
                "Its usage has changed with the new key, and connections that used it for the "
                "former purpose may fail. If that was not meant, go back to the earlier version."
            ),
        ),
        NoticeKind.ALREADY_CURRENT: (
            "This is current already",
            (
                "The entry has this content already, so nothing changes for those who use it. If "
                "you expected something new, check whether you chose the right file or version."
            ),
        ),
        NoticeKind.CHAIN_REPAIRED: (
            "Only the chain changes",
            (
                "The certificate and its key stay as they are; only the certificates above it, "
                "which are sent along, become others. There is nothing to do."
            ),
        ),
        # What lay in the file.
        NoticeKind.PRIVATE_KEY_IN_FILE: (
            "A private key lay in the file",
            (
                "It was not kept, but whoever made or passed on the file has it. Find out whose "
                "key it is: if it is this entry's, renew with a new key pair; delete the file "
                "wherever it lies."
            ),
        ),
        NoticeKind.UNREADABLE_CERTIFICATE_DROPPED: (
            "A certificate in the file could not be read",
            (
                "It was left out, and the chain is complete without it. Compare the chain shown "
                "with the one that the certificate authority describes, and fetch it again if they "
                "differ."
            ),
        ),
        NoticeKind.UNRELATED_CERTIFICATES_DROPPED: (
            "Certificates that do not belong here were left out",
            (
                "The file holds certificates that are not part of this chain; some receivers would "
                "refuse a chain with them. There is nothing to do, unless you expected one of them "
                "in the chain."
            ),
        ),
        NoticeKind.REST_OF_FILE_LEFT: (
            "More lay in the file than was taken",
            (
                "One key pair was taken, and the rest of the file was left. There is nothing to do "
                "if you wanted that one alone; a keystore file can be added as a whole instead."
            ),
        ),
        # Where the chain ends.
        NoticeKind.CHAIN_ENDS_WITHOUT_ROOT: (
            "The chain ends without its root",
            (
                "The issuer of the topmost certificate is not here. If it is a root certificate "
                "that receivers have, all is well; if not, get its certificate from the "
                "certificate authority, add it to the keystore, and upload the file again."
            ),
        ),
        NoticeKind.CHAIN_COMPLETED_FROM_KEYSTORE: (
            "The chain was completed from the keystore",
            (
                "Certificates that the file lacks were taken from this keystore, and their "
                "signatures were checked. There is nothing to do."
            ),
        ),
        NoticeKind.ROOT_NOT_TRUSTED: (
            "The topmost certificate would have to be confirmed",
            (
                "The file was checked without a keystore, so it is not known whether the topmost "
                "certificate is trusted there. Compare its fingerprint with the one that the "
                "certificate authority publishes; an upload may ask for it."
            ),
        ),
        # What else the keystore holds.
        NoticeKind.CERTIFICATE_HELD_TWICE: (
            "The certificate is here under another alias as well",
            (
                "Both stay usable, but one is easily forgotten: deleting one does not remove the "
                "other. Keep one of them, unless both are meant or one is the provider's."
            ),
        ),
        NoticeKind.KEY_HELD_TWICE: (
            "The private key is here under another alias as well",
            (
                "Deleting or renewing it under one alias leaves it under the other. If the file "
                "was added a second time by mistake, delete one of the entries."
            ),
        ),
        # What was added to a download.
        NoticeKind.ROOT_FROM_KEYSTORE: (
            "The root comes from the keystore, not from the chain",
            (
                "The chain of the entry ends below its root, so that was taken from the "
                "certificates of this keystore, and the signatures were checked. There is nothing "
                "to do, unless the partner expects another root: then compare the fingerprints."
            ),
        ),
        # What a download says of its readers.
        NoticeKind.UNREADABLE_FOR_JAVA: (
            "Java does not read a certificate",
            (
                "A certificate has names that Java does not take, mostly since it has no subject "
                "yet. Have a signing request with a name signed and upload the response; other "
                "programs can read the certificate as it is."
            ),
        ),
    }
)
"""Heading, and advice in one to three sentences."""
