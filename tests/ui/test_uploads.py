"""Add and Update from files without a browser: what is shown, asked, refused and stored."""

import html
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from httpx2 import Response

from keysteward.entries import Entry
from keysteward.pki.usages import Usage
from tests import key_uploads, peers
from tests import steward as steward_
from tests.pki_maker import Issued, issue, make_key
from tests.ssh_maker import PASSPHRASE, SshMaker
from tests.ui.faces import ENTRIES, KEYSTORE, Face, Files

ADD = f"{KEYSTORE}/add"
EVIL = "<b>\u202eroot\u2066"
KINDS = ("certificate", "key-pair", "ssh-key", "rsa-key")

_ETAG = re.compile(r'name="etag" value="([^"]*)"')
_ROOT = issue("Upload Root", ca=True)
_CA = issue("Upload CA", issuer=_ROOT, ca=True)
Fields = dict[str, str | list[str]]


def _file(data: bytes, name: str = "file") -> Files:
    return {"file": (name, data)}


def _fingerprint(of: Issued) -> str:
    return str(steward_.read(of)[0].fingerprint)


def _entry(face: Face, alias: str) -> Entry:
    return face.steward.store.get_entry(face.steward.keystore_id, alias)


def _there(face: Face, alias: str) -> bool:
    return face.steward.store.find_entry(face.steward.keystore_id, alias) is not None


def _update(alias: str) -> str:
    return f"{ENTRIES}/{quote(alias, safe='')}/update"


def _etag(face: Face, alias: str) -> str:
    found = _ETAG.findall(face.get(_update(alias), part="dialog").text)
    return html.unescape(str(found[-1]))


def _message(answer: Response) -> str:
    return str(answer.json()["message"])


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> SshMaker:
    """Return a maker of SSH keys for the module."""
    return SshMaker(tmp_path_factory.mktemp("ssh"))


# ---- certificates


def test_certificate_is_asked_about_before_it_is_trusted(face: Face) -> None:
    """The question bears the fingerprints; without its answer nothing is stored."""
    file = _file(_ROOT.pem)
    shown = face.post(f"{ADD}/certificate/preview", {"trusted": "yes"}, files=file).text
    assert 'data-proposal="Upload Root"' in shown
    assert f'value="{_fingerprint(_ROOT)}"' in shown
    fields: Fields = {"alias": "upload root", "trusted": "yes"}
    refused = face.post(f"{ADD}/certificate", fields, files=file)
    assert (409, False) == (refused.status_code, _there(face, "upload root"))
    fields["trust_root"] = _fingerprint(_ROOT)
    added = face.post(f"{ADD}/certificate", fields, files=file)
    assert "upload root is in the keystore now." == _message(added)
    assert _entry(face, "upload root").trusted


def test_certificate_that_is_not_trusted_is_asked_nothing(face: Face) -> None:
    """Its tick is off: it only completes chains."""
    file = _file(issue("plain", ca=True).pem)
    shown = face.post(f"{ADD}/certificate/preview", {}, files=file).text
    assert ("The file can be taken.", False) == (
        re.findall(r'data-announce="([^"]*)"', shown)[0],
        "trust_root" in shown,
    )
    face.post(f"{ADD}/certificate", {"alias": "plain"}, files=file)
    assert not _entry(face, "plain").trusted


def test_certificate_is_updated_only_as_it_was_shown(face: Face) -> None:
    """Old stands beside new; who comes second sees what was done, and decides anew."""
    first, second, third = (issue(f"renewed {number}", ca=True) for number in range(3))
    steward_.add_anchor(face.steward, "renewed", first)
    etag = _etag(face, "renewed")
    opened: Fields = {"etag": etag, "latest_version": "1"}
    address = f"{_update('renewed')}/certificate"
    shown = face.post(f"{address}/preview", opened, files=_file(second.pem)).text
    assert "<mark><bdi>CN=renewed 0</bdi></mark>" in shown
    assert "<mark><bdi>CN=renewed 1</bdi></mark>" in shown
    done = face.post(address, opened, files=_file(second.pem))
    assert "renewed is updated." == _message(done)
    late = face.post(address, opened, files=_file(third.pem)).text
    assert "The entry was changed after you opened this." in late
    assert steward_.read(second) == _entry(face, "renewed").version.chain
    again: Fields = {**opened, "etag": [etag, html.unescape(_ETAG.findall(late)[0])]}
    face.post(address, again, files=_file(third.pem))
    assert steward_.read(third) == _entry(face, "renewed").version.chain
    same: Fields = {"etag": _etag(face, "renewed"), "latest_version": "3"}
    assert "nothing was changed" in face.post(address, same, files=_file(third.pem)).text
    assert 3 == _entry(face, "renewed").version.number


def test_update_without_its_version_is_refused(face: Face) -> None:
    """A form that does not say what it was opened with changes nothing."""
    steward_.add_anchor(face.steward, "guarded", issue("guarded", ca=True))
    answer = face.post(f"{_update('guarded')}/certificate", {}, files=_file(_CA.pem))
    assert (422, 1) == (answer.status_code, _entry(face, "guarded").version.number)


# ---- key pairs


def test_key_pair_in_pkcs12_asks_for_password_and_root(face: Face, tmp_path: Path) -> None:
    """First the password, then the chain as a tree with its question; then it is stored."""
    root = issue("P12 Root", ca=True)
    leaf = issue("p12 client", issuer=root, eku=("clientAuth",))
    file = _file(key_uploads.openssl_pkcs12(tmp_path, leaf, root, password="opens"))
    preview = f"{ADD}/key-pair/preview"
    assert "The file is locked." in face.post(preview, {}, files=file).text
    wrong = face.post(preview, {"password": "no"}, files=file)
    assert (422, 'data-field="password"') == (
        wrong.status_code,
        re.findall(r'data-field="\w+"', wrong.text)[0],
    )
    shown = face.post(preview, {"password": "opens"}, files=file).text
    assert 'data-proposal="p12 client"' in shown
    assert ["CN=P12 Root", "CN=p12 client"] == re.findall(
        r'<span class="name"><bdi>([^<]*)</bdi>', shown
    )
    assert f'value="{_fingerprint(root)}"' in shown
    assert "opens" not in re.sub(r"<[^>]*>", "", shown)
    fields: Fields = {
        "alias": "p12",
        "password": "opens",
        "usage": "signature",
        "trust_root": _fingerprint(root),
    }
    face.post(f"{ADD}/key-pair", fields, files=file)
    stored = _entry(face, "p12")
    assert (Usage.SIGNATURE, steward_.read(leaf, root)) == (stored.usage, stored.version.chain)


def test_several_keys_are_a_choice(face: Face) -> None:
    """They are named; the chosen one is shown and stored, the choice stays to be changed."""
    file = _file(key_uploads.keytool_pkcs12("red", "blue", password="several"))
    fields: Fields = {"password": "several"}
    preview = f"{ADD}/key-pair/preview"
    shown = face.post(preview, fields, files=file).text
    assert ["", "blue", "red"] == sorted(re.findall(r'<ui5-option value="([^"]*)"', shown))
    fields["key"] = "blue"
    shown = face.post(preview, fields, files=file).text
    assert '<ui5-option value="blue" selected>' in shown
    top = re.findall(r'name="trust_root" value="([0-9a-f]{64})"', shown)[0]
    missing = face.post(f"{ADD}/key-pair", {"alias": "blue", "password": "several"}, files=file)
    assert (409, False) == (missing.status_code, _there(face, "blue"))
    face.post(f"{ADD}/key-pair", {**fields, "alias": "blue", "trust_root": top}, files=file)
    assert "CN=blue" == _entry(face, "blue").version.certificate.subject


def test_choice_of_another_file_does_not_count(face: Face) -> None:
    """A key that the file does not have is as if none were chosen."""
    alone = issue("alone")
    one = _file(alone.pem + alone.key_pem())
    shown = face.post(f"{ADD}/key-pair/preview", {"key": "blue"}, files=one)
    assert (200, True) == (shown.status_code, "CN=alone" in shown.text)


def test_key_pair_takes_its_chain_from_a_file_of_its_own(face: Face) -> None:
    """PEM of the key alone, and the certificates beside it."""
    leaf = issue("beside", issuer=_CA, eku=("clientAuth",))
    files = {"file": ("key", leaf.key_pem()), "certificate": ("chain", leaf.pem + _CA.pem)}
    fields: Fields = {"alias": "beside", "trust_root": _fingerprint(_CA)}
    assert "CN=Upload CA" in face.post(f"{ADD}/key-pair/preview", fields, files=files).text
    face.post(f"{ADD}/key-pair", fields, files=files)
    assert steward_.read(leaf, _CA) == _entry(face, "beside").version.chain[:2]


def test_key_without_certificate_gets_a_placeholder_but_updates_nothing(face: Face) -> None:
    """Its alias is proposed from the name of the file."""
    file = _file(issue("bare").key_pem(), "C:\\keys\\bare key.pem")
    shown = face.post(f"{ADD}/key-pair/preview", {}, files=file).text
    assert 'data-proposal="bare key"' in shown
    face.post(f"{ADD}/key-pair", {"alias": "bare"}, files=file)
    assert "" == _entry(face, "bare").version.certificate.subject
    other = face.post(f"{_update('bare')}/key-pair/preview", {}, files=_file(_CA.key_pem()))
    assert (422, 'data-slug="certificate-missing"') == (
        other.status_code,
        re.findall(r'data-slug="[\w-]+"', other.text)[0],
    )


def test_key_pair_is_updated_with_another_key(face: Face) -> None:
    """Old beside new, the notices before it is done, and the chain that is trusted already."""
    steward_.add(face.steward, "updated", issue("updated"))
    leaf = issue("updated", issuer=_CA, eku=("clientAuth",))
    file = _file(leaf.key_pem() + leaf.pem + _CA.pem)
    fields: Fields = {
        "etag": _etag(face, "updated"),
        "latest_version": "1",
        "trust_root": _fingerprint(_CA),
    }
    address = f"{_update('updated')}/key-pair"
    shown = face.post(f"{address}/preview", fields, files=file).text
    assert 'data-slug="key-changed"' in shown
    assert "CN=Upload CA" in shown
    face.post(address, fields, files=file)
    assert (2, steward_.read(leaf)[0]) == (
        _entry(face, "updated").version.number,
        _entry(face, "updated").version.certificate,
    )
    late = face.post(address, fields, files=_file(_CA.key_pem() + _CA.pem)).text
    assert "Changed meanwhile" in late
    assert 2 == _entry(face, "updated").version.number


def test_ended_certificate_is_taken_only_when_that_is_accepted(face: Face) -> None:
    """The refusal offers the tick; with it and a reason the file is stored."""
    ended = steward_.START.replace(year=2025)
    leaf = issue("ended", eku=("clientAuth",), not_after=ended)
    file = _file(leaf.key_pem() + leaf.pem)
    preview = f"{ADD}/key-pair/preview"
    shown = face.post(preview, {}, files=file).text
    assert 'name="override" value="certificate-expired"' in shown
    face.post(f"{ADD}/key-pair", {"alias": "ended"}, files=file)
    assert not _there(face, "ended")
    fields: Fields = {"alias": "ended", "override": "certificate-expired"}
    assert "CN=ended" in face.post(preview, fields, files=file).text
    assert 'data-field="note"' in face.post(f"{ADD}/key-pair", fields, files=file).text
    assert not _there(face, "ended")
    face.post(f"{ADD}/key-pair", {**fields, "note": "for a test system"}, files=file)
    assert "for a test system" == _entry(face, "ended").version.note


# ---- SSH and RSA keys


def test_ssh_key_with_passphrase_is_added_and_updated(face: Face, ssh: SshMaker) -> None:
    """OpenSSH's form first, PuTTY's as its successor; the subject that is there is proposed."""
    file = _file(ssh.encrypted("ed25519").read_bytes(), "id_ed25519.key")
    preview = f"{ADD}/ssh-key/preview"
    assert "The file is locked." in face.post(preview, {}, files=file).text
    wrong = face.post(preview, {"password": "no"}, files=file)
    assert (422, True) == (wrong.status_code, 'data-field="password"' in wrong.text)
    fields: Fields = {"password": PASSPHRASE, "alias": "ssh", "cn": "", "o": "Partner"}
    shown = face.post(preview, fields, files=file).text
    assert ('data-proposal="id_ed25519"', True) == (
        re.findall(r'data-proposal="[^"]*"', shown)[0],
        "Ed25519" in shown,
    )
    nameless = face.post(f"{ADD}/ssh-key", fields, files=file)
    assert (422, True) == (nameless.status_code, 'data-field="cn"' in nameless.text)
    face.post(f"{ADD}/ssh-key", {**fields, "cn": "me", "not_after": "2030-01-31"}, files=file)
    entry = _entry(face, "ssh")
    assert (Usage.SSH, "2030-01-31 23:59:59") == (
        entry.usage,
        f"{entry.version.certificate.not_after:%Y-%m-%d %H:%M:%S}",
    )
    dialog = face.get(_update("ssh"), part="dialog").text
    assert ("Update SSH Key", 'value="Partner"') == (
        re.findall(r"Update SSH Key", dialog)[0],
        re.findall(r'value="Partner"', dialog)[0],
    )
    putty = _file(ssh.putty("rsa", encrypted=True).read_bytes())
    fields |= {"cn": "me", "etag": _etag(face, "ssh"), "latest_version": "1"}
    address = f"{_update('ssh')}/ssh-key"
    assert "RSA 2048" in face.post(f"{address}/preview", fields, files=putty).text
    face.post(address, fields, files=putty)
    assert "RSA 2048" == str(_entry(face, "ssh").version.certificate.key)
    assert "Changed meanwhile" in face.post(address, fields, files=file).text


def test_rsa_key_is_added_and_updated(face: Face) -> None:
    """Only PKCS#1 is taken; other keys are told where they belong."""
    first, second = (peers.run("openssl", "genrsa", "-traditional", "2048") for _ in range(2))
    fields: Fields = {"alias": "rsa", "cn": "rsa", "c": "DE"}
    other = face.post(f"{ADD}/rsa-key/preview", {}, files=_file(_CA.key_pem()))
    assert ('data-field="file"', True) == (
        re.findall(r'data-field="\w+"', other.text)[0],
        "as a key pair" in other.text,
    )
    face.post(f"{ADD}/rsa-key", fields, files=_file(first))
    assert (Usage.TLS_CLIENT, "C=DE") == (
        _entry(face, "rsa").usage,
        _entry(face, "rsa").version.certificate.subject[-4:],
    )
    page = face.get(f"{_update('rsa')}?as=rsa-key", part="dialog").text
    assert "Update RSA Key" in page
    fields |= {"etag": _etag(face, "rsa"), "latest_version": "1"}
    face.post(f"{_update('rsa')}/rsa-key", fields, files=_file(second))
    assert 2 == _entry(face, "rsa").version.number


# ---- all of them


def test_wrong_days_hashes_and_usages_stand_beside_their_fields(face: Face, ssh: SshMaker) -> None:
    """What cannot be understood is never a default."""
    file = _file(ssh.openssh("ed25519").read_bytes())
    day: Fields = {"alias": "day", "cn": "x", "not_after": "31.1.2030"}
    assert 'data-field="not_after"' in face.post(f"{ADD}/ssh-key", day, files=file).text
    usage: Fields = {"alias": "usage", "usage": "anything"}
    answer = face.post(f"{ADD}/key-pair/preview", usage, files=_file(issue("x").key_pem()))
    assert 'data-field="usage"' in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_too_large_or_no_key_is_refused_at_the_file(face: Face, kind: str) -> None:
    """Whether it is looked at or to be stored."""
    fields: Fields = {"alias": "never", "cn": "never"}
    for data in (b"x" * 31_000, b"\x00nothing", b""):
        for address in (f"{ADD}/{kind}/preview", f"{ADD}/{kind}"):
            answer = face.post(address, fields, files=_file(data))
            assert 400 <= answer.status_code < 500, data[:9]
            assert 'data-field="file"' in answer.text
    assert not _there(face, "never")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_with_the_file_is_said_before_what_the_alias_lacks(
    face: Face, kind: str
) -> None:
    """The alias is proposed from the file, so nobody types it first."""
    for files in (None, _file(b"\x00nothing")):
        answer = face.post(f"{ADD}/{kind}", {"alias": " ", "cn": "x"}, files=files)
        assert (422, True) == (answer.status_code, 'data-field="file"' in answer.text)
    good = _file(issue("x").key_pem() if kind == "key-pair" else issue("x").pem)
    if kind in ("certificate", "key-pair"):
        answer = face.post(f"{ADD}/{kind}", {"alias": " "}, files=good)
        assert 'data-field="alias"' in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_alias_that_is_taken_is_refused_at_the_alias(face: Face, kind: str, ssh: SshMaker) -> None:
    """The entry that has it stays as it is."""
    alias = f"taken by {kind}"
    steward_.add(face.steward, alias, issue("taken"))
    key = issue("new", make_key())
    files = {
        "certificate": key.pem,
        "key-pair": key.key_pem(),
        "ssh-key": ssh.openssh("rsa").read_bytes(),
        "rsa-key": ssh.openssh("rsa", "-m", "PEM", "-N", "").read_bytes(),
    }
    answer = face.post(f"{ADD}/{kind}", {"alias": alias, "cn": "x"}, files=_file(files[kind]))
    assert (409, 'data-field="alias"') == (
        answer.status_code,
        re.findall(r'data-field="\w+"', answer.text)[0],
    )
    assert 1 == _entry(face, alias).version.number


@pytest.mark.parametrize("kind", KINDS)
def test_dialogs_say_their_limit_in_german_and_are_closed_to_viewers(face: Face, kind: str) -> None:
    """Who may not change entries sees no dialog and can send nothing."""
    german = {"Accept-Language": "de"}
    page = face.get(f"{ADD}/{kind}", part="dialog", **german).text
    assert re.search(r"Höchstens \d\d\.\d\d\d Byte", page)
    assert 403 == face.get(f"{ADD}/{kind}", who="viewer").status_code
    sent = face.post(f"{ADD}/{kind}", {"alias": "x"}, who="viewer", files=_file(b"x"))
    assert 403 == sent.status_code


def test_hostile_names_are_text(face: Face) -> None:
    """Subjects and names of files full of HTML and direction marks change no page."""
    certificate = issue(EVIL, ca=True)
    shown = face.post(f"{ADD}/certificate/preview", {}, files=_file(certificate.pem)).text
    assert "<b>" not in shown
    name = '"><script>alert(1)</script>.pem'
    file = _file(issue("x").key_pem(), name)
    assert "<script>" not in face.post(f"{ADD}/key-pair/preview", {}, files=file).text


def test_entries_of_others_are_not_updated(face: Face) -> None:
    """Those of the provider, and those of another type than the dialog's."""
    steward_.add(face.steward, "sap_upload", issue("sap"), caller=steward_.PROVIDER)
    steward_.add_anchor(face.steward, "lone", issue("lone", ca=True))
    steward_.add(face.steward, "pair", issue("pair"))
    assert 403 == face.get(_update("sap_upload")).status_code
    for alias, kind in (("lone", "key-pair"), ("lone", "ssh-key"), ("pair", "certificate")):
        answer = face.post(f"{_update(alias)}/{kind}", {"etag": "x"}, files=_file(_CA.pem))
        assert 400 <= answer.status_code < 500
        assert 1 == _entry(face, alias).version.number
