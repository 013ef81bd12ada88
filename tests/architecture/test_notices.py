import re

import pytest

from keysteward.notices import NoticeKind
from keysteward.problems import OVERRIDES
from keysteward.values import Severity
from tests.architecture.documents import DOCS

every_notice = pytest.mark.parametrize("kind", NoticeKind, ids=lambda k: k.slug)


def test_notice_slugs_are_unique() -> None:
    """A slug names one notice, and none that an overridden problem turns into."""
    slugs = [kind.slug for kind in NoticeKind.__members__.values()]
    assert len(slugs) == len(set(slugs))
    assert set() == OVERRIDES.intersection(slugs)


@every_notice
def test_notice_has_a_slug_like_a_page_name(kind: NoticeKind) -> None:
    """A slug can stand in a URI and in a file name as it is."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", kind.slug)


@every_notice
def test_notice_carries_its_kind(kind: NoticeKind) -> None:
    """A notice made of a kind has its slug and severity and the given detail."""
    notice = kind.about("Something.")
    assert (kind.slug, "Something.") == (notice.slug, notice.detail)
    assert isinstance(notice.severity, Severity)


@every_notice
def test_notice_has_a_page_that_says_the_same(kind: NoticeKind) -> None:
    """The page of a notice has its slug, severity and what that means for the outcome."""
    title, blank, facts, *_ = (DOCS / "notices" / f"{kind.slug}.md").read_text().split("\n")
    severity = kind.about("").severity
    effect = {
        Severity.WARNING: "the outcome becomes `warn`",
        Severity.INFO: "the outcome stays `accept`",
    }[severity]
    assert title.startswith("# ")
    assert ("", f"`{kind.slug}` · {severity} · {effect}") == (blank, facts)


@every_notice
def test_notice_page_says_why_and_what_to_do(kind: NoticeKind) -> None:
    """A page explains: what was found, why it matters, what to do."""
    page = (DOCS / "notices" / f"{kind.slug}.md").read_text()
    found, _, rest = page.partition("\n## Why it matters\n")
    why, _, remedy = rest.partition("\n## What to do\n")
    assert len(found.split("\n", 4)[4]) > 20
    assert len(why) > 20
    assert len(remedy) > 5


def test_notice_pages_belong_to_notices() -> None:
    """No page stays behind when a notice goes."""
    assert {k.slug for k in NoticeKind} == {page.stem for page in (DOCS / "notices").iterdir()}
