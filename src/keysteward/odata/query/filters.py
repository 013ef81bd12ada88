"""``$filter`` and ``$orderby``: from text to a checked expression, without recursion.

Two stacks hold what is not finished: operands, and the operators and parentheses that wait for
their right side (Dijkstra's shunting yard). The precedence is that of OData V2, "URI Conventions",
section 4.5: signs and ``not`` first, then mul, add, comparison, equality, ``and``, ``or``.
"""

from dataclasses import dataclass
from types import MappingProxyType

from keysteward.odata.edm import EntityType
from keysteward.odata.query import filter_tokens
from keysteward.odata.query.filter_nodes import ARITHMETIC, Building, Operand
from keysteward.odata.query.filter_tokens import Token, Word
from keysteward.storage import conditions
from keysteward.storage.conditions import Condition, Kind, Order

_MOST_ORDERS = 8

_UNARY = MappingProxyType({"not": 7, "negate": 7})
_BINARY = MappingProxyType(
    {
        **dict.fromkeys(("mul", "div", "mod"), 6),
        **dict.fromkeys(("add", "sub"), 5),
        **dict.fromkeys(("lt", "gt", "le", "ge"), 4),
        **dict.fromkeys(("eq", "ne"), 3),
        "and": 2,
        "or": 1,
    }
)
_TYPE_FUNCTIONS = frozenset({"isof", "cast"})
_GROUP = "("
"""Name of a parenthesis that only groups; every other name without precedence is a function's."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An operator, a parenthesis or a function whose right side is not complete."""

    name: str
    position: int
    precedence: int = 0
    """0: a parenthesis, which only its counterpart ends."""
    below: int = 0
    """Operands that lie below a function's arguments."""


def parse(text: str, entity_type: EntityType) -> Condition:
    """Return a ``$filter`` over the properties of a type.

    Raises RequestInvalid for anything that OData V2 does not allow there, naming what and where,
    for type functions and paths over navigations, and above the bounds of ``conditions`` and
    ``filter_tokens``.
    """
    reading = _Reading("$filter", text, entity_type)
    found, end = reading.expression()
    if end.word is not Word.END:
        raise reading.building.refusal(end.position, f"{end.text!r} is one too many.")
    if found.kind not in {Kind.TRUTH, Kind.NOTHING}:
        raise reading.building.refusal(1, f"it is a {found.kind}; compare it with something.")
    return found.expression


def parse_orders(text: str, entity_type: EntityType) -> tuple[Order, ...]:
    """Return an ``$orderby`` over the properties of a type. Raises as ``parse`` does."""
    reading = _Reading("$orderby", text, entity_type)
    orders: list[Order] = []
    while True:
        found, end = reading.expression()
        descending = end.text == "desc"
        if end.word is Word.NAME and end.text in {"asc", "desc"}:
            end = reading.take()
        orders.append(Order(found.expression, descending))
        if end.word is Word.END:
            return tuple(orders)
        if end.word is not Word.COMMA:
            raise reading.building.refusal(end.position, f"{end.text!r} is one too many.")
        if len(orders) == _MOST_ORDERS:
            raise reading.building.refusal(end.position, f"more than {_MOST_ORDERS} orders.")


class _Reading:
    """One option's text in reading."""

    def __init__(self, option: str, text: str, entity_type: EntityType) -> None:
        self.building = Building(option, entity_type)
        self._tokens = filter_tokens.tokens(option, text)
        self._fields = {name: (kind, 0) for name, kind in self.building.kinds.items()}
        self._next: Token | None = None
        self._operands: list[Operand] = []
        self._waiting: list[_Waiting] = []

    def take(self) -> Token:
        """Return the next word and go on."""
        token = self._next or next(self._tokens)
        self._next = None
        return token

    def expression(self) -> tuple[Operand, Token]:
        """Return one whole expression, and the word behind it that is not part of it."""
        end = None
        while end is None:
            self._take_operand()
            end = self._take_operators()
        self._reduce(1)
        if self._waiting:
            raise self.building.refusal(self._waiting[-1].position, "a parenthesis is not closed.")
        found = self._operands.pop()
        conditions.check(found.expression, self._fields)
        return found, end

    def _take_operand(self) -> None:
        """Take signs, parentheses and functions until an operand is complete."""
        while True:
            token = self.take()
            if token.word is Word.LITERAL:
                self._operands.append(self.building.literal(token))
                return
            if token.word is Word.MINUS:
                self._waiting.append(_Waiting("negate", token.position, _UNARY["negate"]))
            elif token.word is Word.OPEN:
                self._waiting.append(_Waiting(_GROUP, token.position))
            elif token.word is not Word.NAME:
                before = f" before {token.text!r}" if token.text else ""
                raise self.building.refusal(
                    token.position, f"a value or a property is missing{before}."
                )
            elif token.text == "not":
                self._waiting.append(_Waiting("not", token.position, _UNARY["not"]))
            elif self._take_open():
                self._begin_function(token)
            else:
                self._operands.append(self.building.field(token))
                return

    def _take_operators(self) -> Token | None:
        """Take what follows an operand; return the word that ends the expression, if one did."""
        while True:
            token = self.take()
            if token.word is Word.NAME and token.text in _BINARY:
                precedence = _BINARY[token.text]
                self._reduce(precedence)
                self._waiting.append(_Waiting(token.text, token.position, precedence))
                return None
            if token.word is Word.COMMA and self._is_within_function():
                return None
            if token.word is not Word.CLOSE:
                return token
            self._reduce(1)
            if not self._waiting:
                return token
            self._close(self._waiting.pop())

    def _take_open(self) -> bool:
        self._next = self.take()
        if self._next.word is not Word.OPEN:
            return False
        self._next = None
        return True

    def _is_within_function(self) -> bool:
        """Finish the argument before a comma; without a function around it ends the expression."""
        self._reduce(1)
        return bool(self._waiting) and self._waiting[-1].name != _GROUP

    def _begin_function(self, token: Token) -> None:
        if token.text in _TYPE_FUNCTIONS:
            raise self.building.refusal(
                token.position, f"{token.text} is not supported: types are fixed here."
            )
        if token.text not in conditions.FUNCTIONS or token.text in ARITHMETIC:
            raise self.building.refusal(
                token.position, f"there is no function {token.text[:40]!r}."
            )
        self._waiting.append(_Waiting(token.text, token.position, below=len(self._operands)))

    def _close(self, opened: _Waiting) -> None:
        """Finish a parenthesis; a function takes what lies above its mark as its arguments."""
        if opened.name != _GROUP:
            arguments = self._operands[opened.below :]
            del self._operands[opened.below :]
            self._operands.append(self.building.call(opened.name, opened.position, arguments))

    def _reduce(self, precedence: int) -> None:
        """Finish all operators that bind at least as strongly as the next one."""
        while self._waiting and self._waiting[-1].precedence >= precedence:
            waiting = self._waiting.pop()
            right = self._operands.pop()
            if waiting.name in _UNARY:
                built = self.building.unary(waiting.name, waiting.position, right)
            else:
                left = self._operands.pop()
                built = self.building.binary(waiting.name, waiting.position, left, right)
            self._operands.append(built)
