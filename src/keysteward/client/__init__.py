"""The typed Python client of a Keysteward server: ``from keysteward.client import Client``."""

from keysteward.client.client import Client as Client
from keysteward.client.client import Keystore as Keystore
from keysteward.client.part import Consent as Consent
from keysteward.client.part import Placeholder as Placeholder
from keysteward.client.part import Subject as Subject
