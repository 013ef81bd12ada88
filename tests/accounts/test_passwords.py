"""What a password must be, and that no more of them are computed than the machine takes."""

import threading

import pytest

from keysteward.accounts import passwords
from keysteward.problems import PasswordTooWeak, ServerBusy
from keysteward.values import Secret
from tests.accounts.people import PASSWORD, WRONG


def test_hash_is_argon2id_as_rfc_9106_recommends() -> None:
    """64 MiB, three passes, four lanes: readable in the hash itself."""
    assert passwords.hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_password_fits_its_own_hash_alone() -> None:
    """And two hashes of it are different."""
    first, second = passwords.hash_password(PASSWORD), passwords.hash_password(PASSWORD)
    assert first != second
    assert passwords.verify(first, PASSWORD)
    assert not passwords.verify(first, WRONG)


def test_accented_letters_are_the_same_from_every_keyboard() -> None:
    """Unicode has two spellings of them."""
    hashed = passwords.hash_password(Secret("gr\u00fc\u00dfe aus k\u00f6ln".encode()))
    assert passwords.verify(hashed, Secret("gru\u0308\u00dfe aus ko\u0308ln".encode()))


def test_bytes_that_are_no_text_are_taken_as_they_are() -> None:
    """Some programs send Latin-1."""
    hashed = passwords.hash_password(Secret("grüße aus köln".encode("latin-1")))
    assert passwords.verify(hashed, Secret("grüße aus köln".encode("latin-1")))
    assert not passwords.verify(hashed, Secret("grüße aus köln".encode()))


def test_nobody_is_compared_with_a_hash_of_todays_parameters() -> None:
    """Or an attacker could tell by the time which names there are."""
    assert not passwords.needs_rehash(passwords._DUMMY)
    assert not passwords.verify(None, PASSWORD)


def test_hash_of_other_parameters_is_old() -> None:
    """It is made anew at the next sign-in."""
    hashed = passwords.hash_password(PASSWORD)
    assert not passwords.needs_rehash(hashed)
    assert passwords.needs_rehash(hashed.replace("t=3", "t=2"))


def test_password_beyond_the_limit_fits_nothing() -> None:
    """Also where its beginning would."""
    long = PASSWORD.reveal().ljust(passwords.MOST_BYTES, b"x")
    hashed = passwords.hash_password(Secret(long))
    assert passwords.verify(hashed, Secret(long))
    assert not passwords.verify(hashed, Secret(long + b"x"))


@pytest.mark.parametrize(
    ("password", "name", "reason"),
    [
        (b"", "ann", "fewer than 12"),
        (b"eleven char", "ann", "fewer than 12"),
        ("sechs\u00fcsechs".encode(), "ann", "fewer than 12"),
        (b"\xff" * 11, "ann", "fewer than 12"),
        (b"x" * 1025, "ann", "more than 1,024 bytes"),
        (b"Ann of the hills", "ann of THE hills", "name"),
        (b"PassWord1234", "ann", "tried first"),
        (b"keystewardkeysteward", "ann", "tried first"),
    ],
)
def test_weak_password_is_refused(password: bytes, name: str, reason: str) -> None:
    """Each for its own reason, and without being repeated."""
    with pytest.raises(PasswordTooWeak, match=reason) as refused:
        passwords.require_strong(Secret(password), name)
    assert len(password) < 3 or password.decode(errors="replace") not in refused.value.detail


@pytest.mark.parametrize("password", [b"twelve chars", b"\xc3\xbc" * 12, b"y" * 1024])
def test_password_at_the_limits_is_taken(password: bytes) -> None:
    """Characters count at the short end, bytes at the long one."""
    passwords.require_strong(Secret(password), "ann")


def test_common_passwords_are_all_long_enough_to_matter() -> None:
    """A shorter one in the list, or one with a capital letter, would never be compared with."""
    assert {True} == {len(one) >= passwords.LEAST_CHARACTERS for one in passwords._COMMON}
    assert {one.casefold() for one in passwords._COMMON} == passwords._COMMON


def test_one_time_password_can_be_read_out() -> None:
    """Twenty characters that nobody mixes up, and never the same."""
    made = {passwords.make_one_time().reveal().decode() for _ in range(50)}
    assert 50 == len(made)
    assert {20} == {len(one) for one in made}
    assert not set("".join(made)) & set("01lo")
    passwords.require_strong(passwords.make_one_time(), "ann")


def test_more_than_a_few_computations_wait_and_too_many_are_refused() -> None:
    """So no crowd of strangers takes all memory, and none of those who wait is forgotten."""
    inside, go = threading.Semaphore(0), threading.Event()
    done: list[int] = []

    def work(number: int) -> None:
        with passwords.working():
            inside.release()
            go.wait(30)
            done.append(number)

    places = passwords.RUNNING + passwords.WAITING
    threads = [threading.Thread(target=work, args=(number,)) for number in range(places)]
    for thread in threads:
        thread.start()
    for _ in range(passwords.RUNNING):
        assert inside.acquire(timeout=30)
    while passwords._places._value:  # until all of them have come
        assert not inside.acquire(timeout=0.01)
    with pytest.raises(ServerBusy), passwords.working():
        pass
    assert not inside.acquire(blocking=False)
    go.set()
    for thread in threads:
        thread.join(30)
    assert set(range(places)) == set(done)
    with passwords.working():
        pass
