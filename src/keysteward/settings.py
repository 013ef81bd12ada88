"""Every setting, its unit and default, read once. The only module that reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keysteward.problems import SettingInvalid

RESPONSE_LIMIT_BYTES = 30_720
"""Default limit of a signing response in bytes.

SAP's help page "Uploading a Signing Response" says 30,720 bytes; its API specification (Security
Content 1.0.0) says 30072, which reads like two digits swapped. The larger, round number (30 KiB) is
the one that refuses no file that SAP takes.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation can be told; each field names its environment variable in the docs."""

    data: Path
    """KEYSTEWARD_DATA: the data folder."""
    keyring: Path
    """KEYSTEWARD_KEYRING: folder of the sealing keys, ``sealing`` in the data folder by default."""
    keystore: str = "default"
    """KEYSTEWARD_KEYSTORE: name of the tenant keystore that commands work on."""
    database: str | None = None
    """KEYSTEWARD_DATABASE: URL of another database than the data folder's own SQLite file."""
    response_limit_bytes: int = RESPONSE_LIMIT_BYTES
    """KEYSTEWARD_RESPONSE_LIMIT_BYTES: largest signing response, in bytes."""
    provider: str = "SAP"
    """KEYSTEWARD_PROVIDER: the name under which the provider's entries are shown."""
    trust_bundle: Path | None = field(default=None)
    """KEYSTEWARD_TRUST_BUNDLE: PEM file of roots that need no confirmation; none by default."""


def from_environment(
    environment: Mapping[str, str],
    *,
    data: Path | None = None,
    keystore: str | None = None,
    database: str | None = None,
) -> Settings:
    """Return the settings of this process; arguments given on the command line come first.

    Raises SettingInvalid for a number that is none or out of range, and a name that is no text.
    """

    def text(name: str) -> str | None:
        return environment.get(f"KEYSTEWARD_{name}") or None

    home = environment.get("XDG_DATA_HOME") or str(
        Path(environment.get("HOME", "~")).expanduser() / ".local" / "share"
    )
    folder = data or Path(text("DATA") or Path(home) / "keysteward")
    bundle = text("TRUST_BUNDLE")
    return Settings(
        data=folder,
        keyring=Path(text("KEYRING") or folder / "sealing"),
        keystore=_encodable(
            "KEYSTEWARD_KEYSTORE (--keystore)", keystore or text("KEYSTORE") or "default"
        ),
        database=database or text("DATABASE"),
        response_limit_bytes=_positive(
            "KEYSTEWARD_RESPONSE_LIMIT_BYTES", text("RESPONSE_LIMIT_BYTES"), RESPONSE_LIMIT_BYTES
        ),
        provider=text("PROVIDER") or "SAP",
        trust_bundle=Path(bundle) if bundle else None,
    )


def _encodable(name: str, text: str) -> str:
    """Refuse bytes of the command line or the environment that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SettingInvalid(name, "it is no UTF-8 text.") from error
    return text


def _positive(name: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 100_000_000:
        raise SettingInvalid(name, f"{text!r} is no whole number from 1 to 100,000,000.")
    return int(text)
