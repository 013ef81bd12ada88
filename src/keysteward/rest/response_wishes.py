"""What requests about signing responses say."""

from typing import Annotated

from msgspec import Meta

from keysteward.rest.wishes import FileBytes, Given, PlanConsenting, Text


class ResponseConsenting(PlanConsenting, frozen=True, kw_only=True):
    """What the caller says beforehand, and why."""

    note: Annotated[
        Text | None,
        Meta(description="Why, if something is overridden; kept with the version and audited."),
    ] = None


class Checking(Given, frozen=True, kw_only=True):
    """A signing response, and what it is compared with: a request, certificate or public key."""

    file: FileBytes
    reference: FileBytes
