"""A CA and a key, of which the files that the command is tested with are made."""

from tests import pki_maker
from tests.pki_maker import Issued, issue

ROOT = issue("CN=Root,O=Test Trust", ca=True)
CA = issue("CN=Issuing,O=Test Trust", issuer=ROOT, ca=True)
KEY = pki_maker.make_key("p256")
SUBJECT = "CN=client.example,O=Partner"


def leaf(**options: object) -> Issued:
    """Issue a certificate for KEY."""
    chosen: dict[str, object] = {"key": KEY, "issuer": CA, "eku": ("clientAuth",), **options}
    return issue(SUBJECT, **chosen)  # type: ignore[arg-type]  # the arguments of issue
