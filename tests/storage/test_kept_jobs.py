from datetime import timedelta

from keysteward.storage.kept_jobs import KEPT, KeptAnswer, KeptJob
from tests.storage.conftest import NOW, Bench

ANSWER = KeptAnswer(200, '{"content-type":"text/html"}', b"<p>done</p>\x00\xff")


def test_work_of_another_process_is_followed_to_its_answer(bench: Bench) -> None:
    """Whoever asks sees how far it is, and then the answer to the byte."""
    jobs, later = bench.store.jobs, NOW + timedelta(seconds=3)
    jobs.put(7, "one", "An import", NOW)
    begun = jobs.find(7, "one")
    jobs.note("one", 50, 200, later)
    going = jobs.find(7, "one")
    nothing_yet = jobs.answer("one")
    jobs.end("one", ANSWER, later)

    assert KeptJob("one", "An import", NOW, NOW, 0, 0, finished=False) == begun
    assert KeptJob("one", "An import", NOW, later, 50, 200, finished=False) == going
    assert begun is not None
    assert going is not None
    assert (None, None, 25) == (nothing_yet, begun.percent, going.percent)
    assert ANSWER == jobs.answer("one")
    assert [True] == [job.finished for job in jobs.list(7, 20)]


def test_work_of_others_is_not_seen(bench: Bench) -> None:
    """An account sees its own, the last first, and no more than it asks for."""
    jobs = bench.store.jobs
    for number in range(3):
        jobs.put(7, f"mine-{number}", "Mine", NOW + timedelta(seconds=number))
    jobs.put(8, "theirs", "Theirs", NOW)

    assert jobs.find(7, "theirs") is None
    assert ["mine-2", "mine-1"] == [job.id for job in jobs.list(7, 2)]


def test_what_was_looked_at_is_not_counted(bench: Bench) -> None:
    """The number in the page's head is of work that runs or that nobody looked at."""
    jobs = bench.store.jobs
    jobs.put(7, "one", "One", NOW)
    jobs.put(7, "two", "Two", NOW)
    jobs.put(8, "theirs", "Theirs", NOW)
    jobs.see("one")

    assert (1, 1, 0) == tuple(map(jobs.count_unseen, (7, 8, 9)))


def test_old_work_is_forgotten_when_new_work_comes(bench: Bench) -> None:
    """After an hour the audit log alone knows of it."""
    jobs = bench.store.jobs
    jobs.put(7, "old", "Old", NOW)
    jobs.put(8, "new", "New", NOW + KEPT + timedelta(seconds=1))

    assert jobs.find(7, "old") is None
    assert jobs.find(8, "new") is not None
