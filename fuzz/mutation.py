"""Changes of DER after which all lengths are right again, so that what is deep inside changes."""

import random
from collections.abc import Callable
from typing import NamedTuple

_MOST_NODES = 2000
_DEEPEST = 24

_VALUES = (
    b"",
    b"\0",
    b"\x01",
    b"\x7f\xff\xff\xff",
    b"\xff" * 8,
    b"\x80" + bytes(8),
    b"\xff" * 300,
)


class _Node(NamedTuple):
    parent: int
    """Position of the parent among the nodes; -1 for the outermost one."""
    start: int
    content: int
    end: int


def change(data: bytes, most_bytes: int, seed: int, plain: Callable[[bytes, int], bytes]) -> bytes:
    """Return the bytes changed, one time in three by ``plain`` alone, which knows no structure."""
    chance = random.Random(seed)
    if chance.randrange(3) == 0:
        return plain(data, most_bytes)
    nodes = _nodes(data)
    if not nodes:
        return plain(data, most_bytes)
    place = chance.randrange(len(nodes))
    node = nodes[place]
    new = _changed(data, node, nodes[chance.randrange(len(nodes))], chance, plain)
    changed = _spliced(data, nodes, place, new)
    return changed if len(changed) <= most_bytes else plain(data, most_bytes)


def _changed(
    data: bytes,
    node: _Node,
    other: _Node,
    chance: random.Random,
    plain: Callable[[bytes, int], bytes],
) -> bytes:
    """Return what stands in place of the node."""
    whole, content = data[node.start : node.end], data[node.content : node.end]
    tag = whole[:1]
    match chance.randrange(9):
        case 0:
            return b""
        case 1:
            return whole + whole
        case 2:
            return data[other.start : other.end]
        case 3:
            return whole + data[other.start : other.end]
        case 4:
            return _element(bytes([chance.randrange(256)]), content)
        case 5:
            return _element(tag, chance.choice(_VALUES))
        case 6:
            return _element(bytes([chance.choice((0x30, 0x31, 0x24, 0x04, 0xA0))]), whole)
        case 7:
            return bytes([tag[0] | 0x20]) + b"\x80" + content + b"\0\0"
        case _:
            return _element(tag, plain(content, len(content) + 16)) if content else whole


def _spliced(data: bytes, nodes: list[_Node], place: int, new: bytes) -> bytes:
    """Return the bytes with the new ones in a node's place, its ancestors' lengths corrected."""
    start, end = nodes[place].start, nodes[place].end
    place = nodes[place].parent
    while place >= 0:
        node = nodes[place]
        content = data[node.content : start] + new + data[end : node.end]
        # Bytes between tag and content are a length, and in a BIT STRING the unused bits.
        lead = b"\0" if data[node.start] == 0x03 else b""
        new = _element(data[node.start : node.start + 1], lead + content)
        start, end, place = node.start, node.end, node.parent
    return data[:start] + new + data[end:]


def _element(tag: bytes, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return tag + bytes([length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return tag + bytes([0x80 | len(octets)]) + octets + content


def _nodes(data: bytes) -> list[_Node]:
    """Return the elements, outer ones first; strings count as elements' parents if they are."""
    nodes = _siblings(data, 0, len(data), -1)
    depth = dict.fromkeys(range(len(nodes)), 0)
    for place, node in enumerate(nodes):
        if len(nodes) > _MOST_NODES:
            break
        tag, start = data[node.start], node.content
        if not (tag & 0x20 or tag in (0x03, 0x04, 0x80)) or depth[place] == _DEEPEST:
            continue
        if tag == 0x03:
            start += 1
        inner = _siblings(data, start, node.end, place)
        if inner and inner[-1].end == node.end:
            nodes[place] = node._replace(content=start)
            depth |= dict.fromkeys(range(len(nodes), len(nodes) + len(inner)), depth[place] + 1)
            nodes += inner
    return nodes


def _siblings(data: bytes, position: int, stop: int, parent: int) -> list[_Node]:
    """Return the elements that follow each other, up to the first that is none."""
    found: list[_Node] = []
    while position + 2 <= stop and len(found) < _MOST_NODES:
        length, content = data[position + 1], position + 2
        if length > 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[content : content + count])
            content += count
        elif length == 0x80:
            break
        if content + length > stop:
            break
        found.append(_Node(parent, position, content, content + length))
        position = content + length
    return found
