from keysteward.web.connections import Gate

HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_gate_lets_in_as_many_as_there_may_be() -> None:
    """Beyond the number of all connections nobody is let in, until one leaves."""
    gate = Gate(2, 2)

    assert [True, True, False] == [gate.enter(a) for a in (HERE, THERE, "192.0.2.3")]
    gate.leave(HERE)
    assert gate.enter("192.0.2.3")


def test_gate_leaves_room_for_other_addresses() -> None:
    """One address takes its own share and no more."""
    gate = Gate(10, 2)

    assert [True, True, False] == [gate.enter(HERE) for _ in range(3)]
    assert gate.enter(THERE)
    gate.leave(HERE)
    assert gate.enter(HERE)


def test_gate_does_not_limit_a_trusted_proxy() -> None:
    """Behind a proxy all clients have its address; only the number of all limits them."""
    gate = Gate(4, 1, ("192.0.2.0/31",))

    assert [True, True, True] == [gate.enter(HERE) for _ in range(3)]
    assert [True, False] == [gate.enter(THERE) for _ in range(2)]


def test_gate_takes_an_ipv6_site_for_one_client() -> None:
    """Whoever has a network of addresses has one share, as the owner of one address has."""
    gate = Gate(10, 2)

    assert [True, True, False] == [gate.enter(f"2001:db8::{i}") for i in range(3)]
    assert gate.enter("2001:db8:0:1::1")


def test_gate_takes_ipv4_in_ipv6_for_what_it_is() -> None:
    """A listener for both families shows IPv4 addresses in the form of IPv6."""
    gate = Gate(10, 1)

    assert gate.enter(HERE)
    assert not gate.enter(f"::ffff:{HERE}")
    assert gate.enter(f"::ffff:{THERE}")
