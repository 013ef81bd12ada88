import ssl

import pytest

from keysteward.outbound import refusals
from keysteward.outbound.transcripts import Transcript
from keysteward.pki import certificates
from keysteward.values import Alias
from tests import pki_maker

NAMES = {
    alert.value: alert.name.removeprefix("ALERT_DESCRIPTION_").lower()
    for alert in ssl.AlertDescription
}
"""The alerts by number as Python has them from OpenSSL."""


def _transcripts() -> dict[str, Transcript]:
    chain = tuple(certificates.read_certificate(c.der) for c in pki_maker.make_chain())
    return {
        "nothing seen": Transcript(),
        "not asked": Transcript(peer_chain=chain),
        "not sent": Transcript(peer_chain=chain, requested=True, accepted_issuers=("CN=A",)),
        "sent": Transcript(peer_chain=chain, requested=True, own_chain=chain),
        "sent in part": Transcript(peer_chain=chain, requested=True, own_chain=chain[:1]),
    }


@pytest.mark.parametrize("alias", [None, Alias("backend")])
@pytest.mark.parametrize("seen", _transcripts())
def test_every_alert_has_words(seen: str, alias: Alias | None) -> None:
    """Whatever number a server sends, at whatever moment, there is a reason and a remedy."""
    transcript = _transcripts()[seen]
    for number in range(256):
        refusal = refusals.of_alert(number, transcript, alias)
        assert refusal.alert is not None
        assert f"(TLS alert {refusal.alert})." in refusal.reason
        assert refusal.remedy.endswith(".")


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_lacking_issuer_is_named_however_the_server_refuses(how: str) -> None:
    """An alert, an answer and a silent end lead to the same remedy for the same chain."""
    transcript, alias = _transcripts()["sent in part"], Alias("our backend")
    for refusal in (
        *(refusals.of_alert(number, transcript, alias) for number in (42, 46, 48)),
        refusals.of_answer("HTTP/1.1 400 Bad Request", transcript, alias),
        refusals.of_closing(transcript, how, alias),
    ):
        assert "The chain of 'our backend' ends at 'CN=client' and lacks" in refusal.reason
        assert "Upload the CA's response with its whole chain." in refusal.remedy
    for alert in (44, 45, 80):
        assert "whole chain" not in refusals.of_alert(alert, transcript, alias).remedy


def test_chain_that_ends_at_an_accepted_issuer_lacks_nothing() -> None:
    """A root need not be sent to a server that names it as one that it accepts."""
    transcript = _transcripts()["sent in part"]
    transcript.accepted_issuers = (transcript.own_chain[0].issuer,)
    assert "lacks its issuer" not in refusals.of_alert(48, transcript, None).reason


def test_alert_names_are_the_usual_ones() -> None:
    """Each alert that has a text of its own is called what OpenSSL calls it."""
    own = {number: refusals.of_alert(number, Transcript(), None).alert for number in NAMES}
    named = {number: name for number, name in own.items() if name != f"number {number}"}
    # Python has no name for RFC 8446's certificate_required and no_application_protocol.
    assert len(named) >= 14
    assert {number: NAMES[number] for number in named} == named


def test_text_from_outside_is_printable() -> None:
    """Control and direction characters, and bytes that are no text, are replaced one by one."""
    assert "a�b�[2J��" == refusals.printable(b" a\x00b\x1b[2J\xe2\x80\xae\xff ", 50)
    assert "ää" == refusals.printable("äää".encode(), 2)
