"""Each group of commands with ``--server`` over a real server: the same words as in the folder."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from keysteward.rights import Role
from tests import keystore_files, pki_maker, providers
from tests import steward as steward_
from tests.command import both_ways
from tests.command.authority import CA, KEY, ROOT, leaf
from tests.command.both_ways import BothWays, Place
from tests.keystore_files import KeyEntry
from tests.pki_maker import issue

_NAMES = count(1)
_VERIFIED = "--fingerprint-verified"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def places(
    keystore_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[BothWays, BothWays]]:
    """Return one installation here and one behind a server, as administrator and as provider."""
    folder = tmp_path_factory.mktemp("both")
    here = steward_.copy_template(keystore_template, folder / "here")
    there = steward_.copy_template(keystore_template, folder / "there")
    local = Place(here.data, {})
    roles = (Role.ADMINISTRATOR, Role.PROVIDER)
    with both_ways.served(there, folder / "output", *roles) as remote:
        yield (
            BothWays(local, remote[Role.ADMINISTRATOR]),
            BothWays(replace(local, options=("--as", "provider")), remote[Role.PROVIDER]),
        )


def _in(place: Place, keystore: str) -> Place:
    return replace(place, environment={**place.environment, "KEYSTEWARD_KEYSTORE": keystore})


@pytest.fixture
def pair(places: tuple[BothWays, BothWays]) -> tuple[BothWays, BothWays]:
    """Return a fresh keystore in both places, as administrator and as provider."""
    name = f"test-{next(_NAMES)}"
    places[0].run("keystore", "create", name)
    administrator, provider = (
        replace(both, here=_in(both.here, name), there=_in(both.there, name)) for both in places
    )
    return administrator, provider


@pytest.fixture
def both(pair: tuple[BothWays, BothWays]) -> BothWays:
    """Return a fresh keystore in both places."""
    return pair[0]


@pytest.fixture
def client(both: BothWays, files: Path) -> BothWays:
    """Add the key pair "client" with a placeholder."""
    key, placeholder = str(files / "key.pem"), str(files / "placeholder.pem")
    both.run("keypair", "add", "client", key, "--certificate", placeholder)
    return both


def test_entries_are_shown_alike(client: BothWays) -> None:
    """Lists, entries and versions: as tables, and as JSON with every member."""
    for words in (
        ("list",),
        ("list", "--json"),
        ("list", "--waiting"),
        ("list", "--deleted", "--json"),
        ("show", "client"),
        ("show", "client", "--json"),
        ("versions", "client"),
        ("versions", "client", "--json"),
    ):
        client.run(*words)
    client.run("list", "--expiring", "1000000", status=10)
    client.run("show", "nobody", status=4)
    client.run("show", "client", "--view", "new", status=4)
    client.run("list", "--keystore", "nowhere", status=4)


def test_entries_are_changed_alike(client: BothWays) -> None:
    """Renamed, deleted, brought back: also under an alias that an address has to spell out."""
    client.run("rename", "client", "shop/ä ?#%2F")
    client.run("show", "shop/ä ?#%2F", "--json")
    client.run("rename", "shop/ä ?#%2F", "..")
    client.run("delete", "..")
    client.run("list", "--deleted")
    client.run("delete", "..", status=4)
    client.run("undelete", "..")
    client.run("undelete", "..", status=4)
    client.run("rename", "..", "x" * 251, status=5)
    client.run("rename", "..", "sap_x", status=7)


def test_entries_are_destroyed_alike(client: BothWays) -> None:
    """A purge asks for the alias, says which backups hold it, and finds deleted entries, too."""
    client.run("delete", "client", "--purge", status=6)
    client.run("backup", "create", "first")
    client.run("delete", "client")
    client.run("delete", "client", "--purge", stdin=b"client\n")
    client.run("list", "--deleted")
    client.run("delete", "client", "--purge", status=4)
    client.run("backup", "delete", "first")


def test_responses_are_taken_alike(client: BothWays, files: Path) -> None:
    """Planned, expected, confirmed, taken, taken again, repaired, rolled back."""
    good, upload = str(files / "good.pem"), ("response", "upload", "client")
    client.run(*upload, good, status=6)
    client.run(*upload, good, "--dry-run", status=6)
    client.run(*upload, good, "--dry-run", "--json", status=6)
    plan = client.run(*upload, good, "--dry-run", "--json", _VERIFIED).json["plan"]
    client.run(*upload, good, "--dry-run", "--expect-version", "7", _VERIFIED, status=6)
    client.run(*upload, good, "--expect-version", "7", _VERIFIED, status=6)
    client.run(*upload, good, "--expect-plan", "0" * 64, _VERIFIED, status=6)
    digest = client.here.run(*upload, good, "--dry-run", "--json", _VERIFIED).json["plan"]
    assert plan == digest
    client.run(*upload, good, "--expect-plan", plan, "--expect-version", "1", _VERIFIED)
    client.run(*upload, good)
    client.run(*upload, good, "--json")
    client.run(*upload, str(files / "server-only.pem"))
    client.run("rollback", "client", "2", "--dry-run")
    client.run("rollback", "client", "2", "--reason", "the other was for servers", "--json")
    client.run("rollback", "client", "2")
    client.run("rollback", "client", "9", status=4)
    client.run("versions", "client")


@pytest.mark.parametrize(
    ("file", "status"),
    [("other.pem", 5), ("expired.pem", 5), ("text.txt", 5), ("missing.pem", 5), ("key.pem", 5)],
)
def test_responses_are_refused_alike(client: BothWays, files: Path, file: str, status: int) -> None:
    """Every refusal has its words and its exit status, for people and for scripts."""
    upload = ("response", "upload", "client", str(files / file))
    client.run(*upload, _VERIFIED, status=status)
    client.run(*upload, _VERIFIED, "--json", status=status)


def test_responses_to_pending_keys_are_taken_alike(client: BothWays, files: Path) -> None:
    """What answers the live key says that the pending one still waits."""
    client.among_secrets().run("keypair", "renew", "client")
    client.among_secrets().run("keypair", "renew", "client", status=6)
    client.among_secrets().run("keypair", "renew", "client", "--replace", "--type", "ec", "--json")
    good = str(files / "good.pem")
    client.run("response", "upload", "client", good, _VERIFIED)
    client.run("response", "upload", "client", good)


def test_key_pairs_are_made_alike(both: BothWays, tmp_path: Path) -> None:
    """Generated with all that a subject can say, and asked to be certified."""
    made = both.among_secrets()
    subject = ("--cn", "shop.example", "--ou", "IT", "-O", "Shop", "--country", "DE")
    more = ("--san", "DNS:shop.example", "--usage", "tls-server", "--not-after", "2041-05-07")
    made.run("keypair", "generate", "shop", "--type", "ec", *subject, *more)
    made.run("keypair", "generate", "shop", "--type", "ec", *subject, status=6)
    made.run("keypair", "generate", "other", "--type", "ec", "--cn", "x", "--json")
    made.run("keypair", "generate", "new", "--cn", "x", "--size", "1024", status=5)
    made.run("keypair", "generate", "new", "--cn", "x", "--country", "Germany", status=5)
    files = [tmp_path / "here.csr", tmp_path / "there.csr"]
    for place, file in zip((both.here, both.there), files, strict=True):
        run = place.run("csr", "shop", "-o", str(file), "--cn", "new.example")
        assert (0, "") == (run.status, run.stderr)
        found = x509.load_pem_x509_csr(file.read_bytes())
        assert "CN=new.example,OU=IT,O=Shop,C=DE" == found.subject.rfc4514_string()
    made.run("list")
    made.run("csr", "nobody", status=4)
    assert both.there.run("csr", "shop").stdout.startswith("-----BEGIN CERTIFICATE REQUEST-----")


def test_key_files_are_taken_alike(client: BothWays, tmp_path: Path, files: Path) -> None:
    """PEM with its certificate, PKCS#12 with a password, and what is wrong with either."""
    assert isinstance(KEY, EllipticCurvePrivateKey)
    bundle = pkcs12.serialize_key_and_certificates(
        *(b"shop", KEY, leaf().certificate, [CA.certificate, ROOT.certificate]),
        BestAvailableEncryption("pä§§".encode()),
    )
    (tmp_path / "shop.p12").write_bytes(bundle)
    shop, password = str(tmp_path / "shop.p12"), "pä§§\n".encode()
    add = ("keypair", "add", "shop", shop, "--password-stdin")
    client.run(*add, status=6, stdin=password)
    client.run(*add, _VERIFIED, stdin=password)
    client.run(*add, _VERIFIED, status=6, stdin=password)
    client.run("keypair", "add", "new", shop, "--password-stdin", status=5, stdin=b"wrong\n")
    client.run("keypair", "update", "client", shop, "--password-stdin", "--json", stdin=password)
    client.run("keypair", "update", "client", shop, "--password-stdin", stdin=password)
    client.run("keypair", "add", "new", str(files / "text.txt"), status=5)
    client.run("keypair", "update", "nobody", str(files / "key.pem"), status=4)


def test_ssh_keys_are_taken_alike(both: BothWays, tmp_path: Path) -> None:
    """From OpenSSH's form, with and without a passphrase, and RSA keys from PKCS#1."""
    key = pki_maker.make_key("ed25519")
    locked = BestAvailableEncryption(b"test-only")
    for name, how in (("clear", NoEncryption()), ("locked", locked)):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, how)
        (tmp_path / name).write_bytes(pem)
    subject, day = ("--cn", "sftp"), ("--not-after", "2041-05-07")
    made = both.among_secrets()
    made.run("ssh", "add", "sftp", str(tmp_path / "clear"), *subject, *day)
    made.run("ssh", "add", "sftp", str(tmp_path / "clear"), *subject, status=6)
    made.run("ssh", "add", "other", str(tmp_path / "locked"), *subject, status=5)
    stdin = ("--password-stdin", "--json")
    made.run(
        "ssh", "update", "sftp", str(tmp_path / "locked"), *subject, *stdin, stdin=b"test-only"
    )
    made.run("export", "sftp", "--as", "ssh2")
    rsa = pki_maker.make_key("rsa2048")
    pkcs1 = rsa.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (tmp_path / "rsa.pem").write_bytes(pkcs1)
    made.run("rsa", "add", str(tmp_path / "rsa.pem"), "--cn", "rsa")
    made.run("rsa", "update", "rsa", str(tmp_path / "rsa.pem"), "--cn", "other")


def test_certificates_are_taken_alike(both: BothWays, files: Path) -> None:
    """Trusted after a confirmation, or not; given another certificate; held twice."""
    root, ca = str(files / "root.pem"), str(files / "ca.pem")
    both.run("certificate", "add", "root", root, status=6)
    both.run("certificate", "add", "root", root, "--trust-root", "AB" * 32, status=6)
    both.run("certificate", "add", "root", root, _VERIFIED)
    both.run("certificate", "add", "again", root, "--json")
    both.run("certificate", "add", "ca", ca, "--not-trusted")
    both.run("certificate", "update", "ca", ca)
    both.run("certificate", "update", "ca", ca, "--json")
    both.run("certificate", "update", "ca", ca, "--trusted")
    both.run("certificate", "update", "ca", root, "--json")
    both.run("certificate", "add", "new", str(files / "good.pem"), status=5)
    both.run("certificate", "update", "nobody", ca, status=4)


@pytest.mark.parametrize("form", ["cer", "p7b", "pem", "pkipath", "rootca", "pub"])
def test_downloads_have_the_same_bytes(
    client: BothWays, files: Path, tmp_path: Path, form: str
) -> None:
    """Files of an entry have the same name and content, whichever way they come."""
    client.run("response", "upload", "client", str(files / "good.pem"), _VERIFIED)
    folders = [tmp_path / "here", tmp_path / "there"]
    written = []
    for place, folder in zip((client.here, client.there), folders, strict=True):
        folder.mkdir()
        run = place.run("export", "client", "--as", form, "-o", str(folder))
        assert (0, "") == (run.status, run.stderr)
        written.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert 1 == len(written[0])
    assert written[0] == written[1]


def test_downloads_say_the_same(client: BothWays, files: Path, tmp_path: Path) -> None:
    """Notices, refusals and the truststore of all entries."""
    client.run("export", "client", "--as", "rootca")
    client.run("export", "nobody", status=4)
    file = tmp_path / "request.csr"
    assert 0 == client.there.run("export", "client", "--as", "csr", "-o", str(file)).status
    assert b"CERTIFICATE REQUEST" in file.read_bytes()
    client.run("backup", "create", "first")
    client.run("certificate", "add", "root", str(files / "root.pem"), _VERIFIED)
    for options in ((), ("--from-backup", "first")):
        folder = tmp_path / f"{len(options)}"
        folder.mkdir()
        words = ("export-keystore", "--as", "jks", "-o", str(folder), *options)
        run = client.there.run(*words)
        assert (0, "") == (run.status, run.stderr)
        (written,) = folder.iterdir()
        assert ("Backup" in written.name) == bool(options)
    client.run("export-keystore", "--from-backup", "none", status=4)


def test_backups_are_kept_alike(client: BothWays, files: Path) -> None:
    """Made, listed, compared, planned, refused without a yes, restored."""
    client.run("backup", "restore", status=4)
    client.run("backup", "create", "first", "--json")
    client.run("backup", "create", "first", status=6)
    client.run("backup", "show")
    client.run("backup", "show", "first", "--json")
    client.run("response", "upload", "client", str(files / "good.pem"), _VERIFIED)
    client.run("certificate", "add", "root", str(files / "root.pem"))
    client.run("rename", "client", "shop")
    for words in (("list",), ("list", "--json"), ("compare",), ("compare", "first", "--json")):
        client.run("backup", *words)
    restore = ("backup", "restore", "first")
    client.run(*restore, "--dry-run")
    client.run(*restore, status=6)
    client.run(*restore, "--json", status=6)
    client.run(*restore, "--alias", "client", "--yes")
    client.run(*restore, "--alias", "nobody", "--yes", status=4)
    client.run(*restore, "--mode", "add", "--yes", "--json")
    client.run(*restore, "--mode", "replace", "--yes")
    client.run(*restore, "--yes")
    client.run("list")
    client.run("backup", "delete", "first")
    client.run("backup", "delete", "first", status=4)


def test_keystore_files_are_imported_alike(client: BothWays, tmp_path: Path) -> None:
    """Planned, refused without a yes, taken, refused with a wrong password; as JSON, too."""
    issued = leaf()
    pkcs8 = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    chain = (issued.der, CA.der, ROOT.der)
    entries = [KeyEntry("client", pkcs8, chain), KeyEntry("imported", pkcs8, chain)]
    file = tmp_path / "old.jks"
    file.write_bytes(keystore_files.write_jks(entries, "test-only"))
    import_, password = ("import", str(file), "--password-stdin"), b"test-only\n"
    client.run(*import_, "--dry-run", stdin=password)
    client.run(*import_, "--dry-run", "--mode", "overwrite", "--json", stdin=password)
    client.run(*import_, status=6, stdin=password)
    client.run(*import_, "--yes", status=5, stdin=b"wrong\n")
    client.run(*import_, "--yes", "--json", status=5, stdin=b"wrong\n")
    client.run(*import_, "--yes", stdin=password)
    client.run(*import_, "--yes", "--mode", "replace", "--json", stdin=password)
    client.run(*import_, "--yes", "--mode", "replace", stdin=password)
    client.run("list")


def test_entries_are_copied_alike(client: BothWays) -> None:
    """To another keystore: planned, done, done again, refused, overwritten."""
    target = f"target-{next(_NAMES)}"
    client.run("keystore", "create", target)
    client.run("keystore", "create", target, status=6)
    client.run("keystore", "list")
    client.run("keystore", "list", "--json")
    copy = ("copy", "client", "--to", target)
    client.run(*copy, "--dry-run")
    client.run(*copy, "--json")
    client.run(*copy)
    client.run("copy", "client", "--to", target, "--as", "client=other")
    client.run("certificate", "add", "root", "the-root.pem", _VERIFIED)
    client.run("copy", "root", "--to", target, "--as", "root=client", status=6)
    client.run("copy", "root", "--to", target, "--as", "root=client", "--dry-run", status=6)
    client.run("copy", "nobody", "--to", target, status=4)
    client.run("copy", "client", "--to", "nowhere", status=4)


@pytest.fixture(autouse=True)
def root_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests work in a folder of their own, with the root of the test's CA."""
    monkeypatch.chdir(tmp_path)
    Path("the-root.pem").write_bytes(ROOT.pem)


ACTIVE = providers.leaf("active", not_after=NOW + timedelta(days=20))
NEXT = providers.leaf("next", not_after=NOW + timedelta(days=400))
ENDING = providers.leaf("ending", not_after=NOW + timedelta(hours=12))


def test_provider_keys_are_handled_alike(pair: tuple[BothWays, BothWays], tmp_path: Path) -> None:
    """Supplied, held, activated after a yes, kept in the history, brought back, withdrawn."""
    tenant, provider = pair
    for name, issued in (("active", ACTIVE), ("next", NEXT)):
        (tmp_path / name).write_bytes(providers.delivery(issued).data)
    supply = ("provider", "supply", "sap_client")
    provider.run(*supply, str(tmp_path / "active"), "--current")
    provider.run(*supply, str(tmp_path / "active"), "--current", "--json")
    provider.run(*supply, str(tmp_path / "next"))
    provider.run("provider", "supply", "sap_root", "the-root.pem", "--current", "--not-trusted")
    tenant.run("show", "sap_client", "--view", "new")
    tenant.run("show", "sap_client", "--view", "new", "--json")
    for words in (("provider", "new"), ("list", "--new", "--json"), ("provider", "history")):
        tenant.run(*words)
    tenant.run("provider", "hold", "sap_client")
    tenant.run("provider", "activate", "--due")
    tenant.run("provider", "hold", "sap_client", "--release")
    activate = ("provider", "activate", "sap_client")
    tenant.run(*activate, "--dry-run")
    tenant.run(*activate, "--dry-run", "--json")
    tenant.run(*activate, status=6)
    tenant.run(*activate, "--yes")
    tenant.run(*activate, "--yes", status=4)
    tenant.run("provider", "history", "--json")
    tenant.run("show", "[1]_sap_client", "--view", "history")
    tenant.run("provider", "restore", "[1]_sap_client", "--json")
    tenant.run("provider", "restore", "sap_client", status=5)
    provider.run("provider", "withdraw", "sap_client")
    provider.run("provider", "withdraw", "sap_client", status=4)
    tenant.run("delete", "sap_client", status=7)


def test_provider_keys_whose_day_has_come_are_activated_alike(
    pair: tuple[BothWays, BothWays], tmp_path: Path
) -> None:
    """The daily job says what it did, as a sentence and as JSON."""
    tenant, provider = pair
    for name, issued in (("ending", ENDING), ("next", NEXT)):
        (tmp_path / name).write_bytes(providers.delivery(issued).data)
    provider.run("provider", "supply", "sap_client", str(tmp_path / "ending"), "--current")
    provider.run("provider", "supply", "sap_client", str(tmp_path / "next"))
    tenant.run("provider", "activate", "--due", "--json")
    tenant.run("provider", "activate", "--due", "--json")


def test_audit_log_tells_alike(client: BothWays, files: Path) -> None:
    """Rows by their filters, an alias in the past, SAP's events; the log is whole."""
    client.run("rename", "client", "shop")
    client.run("response", "upload", "shop", str(files / "good.pem"), _VERIFIED)
    client.run("response", "upload", "shop", str(files / "text.txt"), status=5)
    filters = (("--alias", "shop"), ("--action", "rename"), ("--outcome", "refused"))
    for options in (*filters, ("--since", "2020-01-01"), ("--last", "1"), ("--last", "2000")):
        rows = [
            [(r["action"], r["outcome"], r["alias"], r["version"], r["detail"]) for r in run.json]
            for run in (
                place.run("audit", "show", *options, "--json")
                for place in (client.here, client.there)
            )
        ]
        assert rows[0] == rows[1]
        assert rows[0]
    lines = client.there.run("audit", "show", "--json-lines").stdout.splitlines()
    told = [json.loads(line)["action"] for line in lines]
    assert ["keystore-created", "add-key-pair", "rename", "signing-response"] == told[:4]
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    active = client.there.run("audit", "show", "--alias", "shop", "--at", tomorrow).stdout
    assert "'shop' had version 3." in active
    assert "Root confirmed" in active
    assert "Alias since" not in active
    before = client.there.run("audit", "show", "--alias", "client", "--at", tomorrow).stdout
    assert "no entry had the alias 'client'" in before
    events = client.there.run("audit", "show", "--sap")
    assert (0, True) == (events.status, '"objectId": "shop"' in events.stdout)
    client.run("audit", "show", "--alias", "nobody", "--at", tomorrow, status=4)
    checked = client.there.run("audit", "verify", "--json").json
    assert checked["clean"]
    assert 0 == client.there.run("audit", "verify", "--expect", checked["head"]).status
    another = ("audit", "verify", "--expect", f"1:{'0' * 64}")
    cut = [place.run(*another) for place in (client.here, client.there)]
    assert cut[0].stderr == cut[1].stderr
    assert cut[0].status == cut[1].status != 0


def test_accounts_are_managed_alike(places: tuple[BothWays, BothWays]) -> None:
    """Users and API clients: made, listed, changed, given other secrets, removed."""
    both = places[0].among_secrets()
    both.run("user", "add", "eva", "--role", "viewer")
    both.run("user", "add", "eva", "--role", "viewer", status=6)
    given = ("--password-stdin", "--json")
    both.run(
        "user", "add", "max", "--role", "operator", *given, stdin=b"a long enough pass phrase\n"
    )
    both.run("user", "add", "tim", "--role", "viewer", "--password-stdin", status=5, stdin=b"x\n")
    both.run("user", "change", "eva", "--role", "operator", "--keystore-access", "default")
    both.run("user", "change", "eva", "--disable", "--all-keystores", "--json")
    both.run("user", "list")
    both.run("user", "password", "max")
    both.run("user", "remove", "max")
    both.run("user", "remove", "max", status=4)
    both.run("user", "list", "--json")
    both.run("user", "remove", "eva")
    for place in (both.here, both.there):
        made = place.run("client", "add", "loader", "--role", "operator", "--days", "30")
        assert "Client id:      loader" in made.stdout
        rotated = place.run("client", "rotate", "loader")
        assert "Next: keysteward client remove loader --secret" in rotated.stdout
        (loader,) = (c for c in place.run("client", "list", "--json").json if c["name"] == "loader")
        assert 2 == len(loader["secrets"])
        number = str(loader["secrets"][0]["secret"])
        assert 0 == place.run("client", "remove", "loader", "--secret", number).status
        assert "disabled" in place.run("client", "change", "loader", "--disable").stdout
    both.run("client", "remove", "loader")
    both.run("client", "remove", "loader", status=4)
    only = ("--action", "user-added", "--outcome", "done")
    rows = both.there.run("audit", "show", "--installation", *only, "--json").json
    assert ["eva", "max"] == [row["detail"]["account"] for row in rows]


def test_names_of_other_scripts_are_shown_alike(both: BothWays) -> None:
    """Aliases and subjects may hold any letters, on the way to a server, too."""
    issued = issue("CN=Müller\\, Söhne,O=商店", KEY)
    Path("key.pem").write_bytes(issued.key_pem() + issued.pem)
    both.run("keypair", "add", "商店", "key.pem")
    both.run("show", "商店")
    both.run("list", "--json")
