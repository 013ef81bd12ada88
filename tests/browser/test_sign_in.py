"""Coming and going."""

from playwright.sync_api import Page, expect

from keysteward.rights import Role
from tests.browser import pages


def test_somebody_signs_in_sees_the_overview_and_signs_out(stranger: Page) -> None:
    """Whoever comes is asked for name and password, sees the overview, and can leave again."""
    stranger.goto("/")
    expect(stranger.get_by_role("heading", name="Sign In")).to_be_visible()
    pages.sign_in(stranger, Role.OPERATOR)
    expect(stranger.get_by_role("heading", name="Manage Security")).to_be_visible()
    stranger.get_by_role("button", name="operator").click()
    stranger.get_by_role("menuitem", name="Sign Out").click()
    expect(stranger.get_by_role("heading", name="Sign In")).to_be_visible()
    stranger.goto("/password")
    expect(stranger.get_by_role("heading", name="Sign In")).to_be_visible()


def test_a_wrong_password_is_refused_and_the_name_stays(stranger: Page) -> None:
    """A refusal says so in the form, keeps what was typed, and signs nobody in."""
    stranger.goto("/sign-in")
    pages.field(stranger, "name").fill("operator")
    pages.field(stranger, "password").fill("another password")
    stranger.get_by_role("button", name="Sign In", exact=True).click()
    expect(stranger.get_by_role("alert")).not_to_be_empty()
    expect(pages.field(stranger, "name")).to_have_value("operator")
    assert [] == [c for c in stranger.context.cookies() if "session" in c.get("name", "")]
