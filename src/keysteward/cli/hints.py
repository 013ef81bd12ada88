"""How a remedy is called here: problems and notices say it in words that hold for every face."""

from collections.abc import Iterable, Mapping

from keysteward.problems import Problem

ALWAYS = ""
"""Stands for the words of a hint that belongs to every case of its problem."""

_AS_SOMETHING_ELSE: Mapping[str, str] = {
    "as a key pair": "'keysteward keypair add' adds a key pair.",
    "as an SSH key": "'keysteward ssh add' adds an SSH key.",
    "as a certificate": "'keysteward certificate add' adds a certificate.",
    "as a whole keystore": "'keysteward import' takes a whole keystore.",
    "as the signing response": "'keysteward response upload' uploads a signing response.",
}
"""Of a file that an operation does not take."""

HINTS: Mapping[str, Mapping[str, str]] = {
    "root-not-trusted": {ALWAYS: "Once it is compared, repeat with --trust-root {0.fingerprint}."},
    "alias-not-found": {
        "its entries": "'keysteward list' shows the entries, 'list --deleted' the deleted ones.",
        "new keys": "'keysteward provider new' lists them.",
        "that history": "'keysteward provider history' lists them.",
        "that backup": "'keysteward backup show' lists them.",
    },
    "alias-invalid": {"that history": "'keysteward provider history' lists them."},
    "alias-exists": {
        "with this certificate": "'keysteward certificate update' updates it.",
        "with this key": "'keysteward keypair update' updates it.",
        "with this SSH key": "'keysteward ssh update' updates it.",
        "with this RSA key": "'keysteward rsa update' updates it.",
        "with a new key": "'keysteward keypair renew' renews it.",
        "Give the copy": "--as ALIAS=NEW gives the alias.",
        "have that entry overwritten": "--overwrite overwrites it.",
        "existing entries are overwritten": "--mode overwrite overwrites them.",
    },
    "nothing-deleted": {ALWAYS: "'keysteward list --deleted' shows them."},
    "version-not-found": {ALWAYS: "'keysteward versions' shows them."},
    "entry-changed": {ALWAYS: "'keysteward show' shows it."},
    "backup-not-found": {ALWAYS: "'keysteward backup list' shows them, 'backup create' makes one."},
    "not-a-key-pair": {"supply it to Current": "--current does that."},
    "key-pair-in-the-way": {
        ALWAYS: "A signing response goes in with 'keysteward response upload'."
    },
    "not-the-provider": {ALWAYS: "The provider adds --as provider."},
    "backup-owned-by-tenant": {ALWAYS: "Leave --as provider out."},
    "installation-owned-by-tenant": {ALWAYS: "Leave --as provider out."},
    "pending-key-exists": {ALWAYS: "A renewal takes its place with --replace."},
    "public-key-mismatch": {"roll back to": "'keysteward rollback' does that."},
    "signing-request-not-available": {"its public key": "'keysteward export --as pub' writes it."},
    "subject-invalid": {"at least the common name": "--cn says it."},
    "root-missing": {ALWAYS: "'keysteward certificate add' adds it."},
    "password-wrong": {
        ALWAYS: "A terminal asks for a password; --password-stdin reads it from a pipe.",
        "password of its keys": "--key-password takes the password of the keys.",
    },
    "several-keys": {
        ALWAYS: "--key NAME chooses one.",
        "as a whole keystore": _AS_SOMETHING_ELSE["as a whole keystore"],
    },
    "certificate-missing": {ALWAYS: "--certificate FILE gives it."},
    "certificate-unreadable": _AS_SOMETHING_ELSE,
    "private-key-unreadable": _AS_SOMETHING_ELSE,
    "not-a-signing-response": _AS_SOMETHING_ELSE,
    "not-a-keystore": _AS_SOMETHING_ELSE,
    "upload-too-large": _AS_SOMETHING_ELSE,
    "connection-failed": {
        "alias of a key pair": "--alias ALIAS names it.",
        "signing request to a CA": (
            "'keysteward csr' writes the request, 'keysteward response upload' takes the response."
        ),
        "with its whole chain": "'keysteward response upload' takes it.",
        "as a certificate": "'keysteward certificate add' adds it.",
    },
    "keystore-not-initialised": {
        ALWAYS: "'keysteward init' makes one; --data names another folder, and --database names "
        "the one of an installation whose database lies elsewhere."
    },
    "keystore-exists": {ALWAYS: "--data names another folder, --database another database."},
    "data-folder-unusable": {ALWAYS: "--data names another folder."},
    "database-unusable": {
        "upgrade the database": "'keysteward database upgrade' does that.",
        "name the server itself": "--database takes that URL.",
    },
    "setting-invalid": {
        "move the installation to PostgreSQL": "'keysteward database copy' does that.",
        "KEYSTEWARD_DATA:": "--data says it, too.",
        "KEYSTEWARD_KEYSTORE": "--keystore says it, too.",
        "KEYSTEWARD_DATABASE": "--database says it, too.",
        "KEYSTEWARD_HOST": "--host says it, too.",
        "KEYSTEWARD_PORT": "--port says it, too.",
        "KEYSTEWARD_TLS_CERTIFICATE": "--tls-certificate says it, too.",
        "KEYSTEWARD_TLS_KEY": "--tls-key says it, too.",
        "needs TLS": "--tls turns it on.",
    },
    "account-not-found": {ALWAYS: "'keysteward user list' or 'client list' shows them."},
    "last-administrator": {ALWAYS: "'keysteward user add' and 'user change' take --role."},
    "too-many-secrets": {
        ALWAYS: "'keysteward client list' numbers them, 'client remove --secret N' removes one."
    },
}
"""By slug: the words of a problem's detail that a hint belongs to, and the hint."""


def of(problem: Problem) -> str:
    """Return the hints of a problem, as sentences; usually one, or none."""
    if problem.overridable:
        return f"An upload takes it with --override {problem.slug}."
    detail = problem.detail
    found = (hint for words, hint in HINTS.get(problem.slug, {}).items() if words in detail)
    return " ".join(found).format(problem)


def of_all(problems: Iterable[Problem]) -> list[str]:
    """Return the hints of several problems, each once, in the order of the problems."""
    return [hint for hint in dict.fromkeys(map(of, problems)) if hint]
