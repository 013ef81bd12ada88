"""The nodes of ``$filter`` and ``$orderby``, checked one by one so that a refusal has a position.

What goes together is said in ``storage.conditions``; the store checks whole trees once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from keysteward.odata import edm
from keysteward.odata.edm import Edm, EntityType
from keysteward.odata.query import filter_tokens
from keysteward.odata.query.filter_tokens import LiteralValue, Token
from keysteward.problems import RequestInvalid
from keysteward.storage import conditions
from keysteward.storage.conditions import (
    And,
    Call,
    Comparison,
    Expression,
    Field,
    Kind,
    Literal,
    Not,
    Or,
)

ARITHMETIC = frozenset({"mul", "div", "mod", "add", "sub", "negate"})
"""Operators that are calls in the tree, and no functions in the text."""

_KINDS = MappingProxyType(
    {
        Edm.STRING: Kind.TEXT,
        Edm.INT32: Kind.INTEGER,
        Edm.INT64: Kind.INTEGER,
        Edm.DATE_TIME_OFFSET: Kind.INSTANT,
        Edm.BINARY: Kind.BINARY,
    }
)


@dataclass(frozen=True, slots=True)
class Operand:
    """An expression that is complete."""

    expression: Expression
    kind: Kind
    depth: int = 1


class Building:
    """Builds the nodes of one option's text and counts them."""

    def __init__(self, option: str, entity_type: EntityType) -> None:
        self._option = option
        self._type = entity_type
        self.kinds: Mapping[str, Kind] = {
            each.name: _KINDS[each.type] for each in edm.properties_of(entity_type).values()
        }
        self._nodes = 0

    def refusal(self, position: int, reason: str) -> RequestInvalid:
        """Return the problem that names the option and a position in it."""
        return filter_tokens.refused(self._option, position, reason)

    def literal(self, token: Token) -> Operand:
        """Return a constant."""
        return self._built(Literal(token.value), _kind_of(token.value), 1, token.position)

    def field(self, token: Token) -> Operand:
        """Return a property of the type."""
        if "/" in token.text:
            raise self.refusal(
                token.position, "paths over navigation properties are not supported."
            )
        if token.text not in self.kinds:
            raise self.refusal(
                token.position, f"{self._type.name} has no property {token.text[:60]!r}."
            )
        return self._built(Field(token.text), self.kinds[token.text], 1, token.position)

    def call(self, name: str, position: int, arguments: list[Operand]) -> Operand:
        """Return a function or an arithmetic operation of its arguments."""
        result, wanted, least = conditions.FUNCTIONS[name]
        if not least <= len(arguments) <= len(wanted):
            counts = str(least) if least == len(wanted) else f"{least} or {len(wanted)}"
            raise self.refusal(position, f"{name} takes {counts} arguments, not {len(arguments)}.")
        for number, (argument, fits) in enumerate(zip(arguments, wanted, strict=False), 1):
            if argument.kind not in {fits, Kind.NOTHING} and _number(argument.kind) is not fits:
                which = "" if name in ARITHMETIC else f" as argument {number}"
                raise self.refusal(
                    position, f"{name} takes a {fits}{which}, not a {argument.kind}."
                )
        if name in ARITHMETIC and all(each.kind is not Kind.NUMBER for each in arguments):
            result = Kind.INTEGER
        depth = 1 + max(argument.depth for argument in arguments)
        parts = tuple(argument.expression for argument in arguments)
        return self._built(Call(name, parts), result, depth, position)

    def unary(self, name: str, position: int, part: Operand) -> Operand:
        """Return ``not`` of a condition, or the negative of a number."""
        if name == "not":
            self._require_truth(name, position, part)
            return self._built(Not(part.expression), Kind.TRUTH, part.depth + 1, position)
        if isinstance(part.expression, Literal):
            value = part.expression.value
            if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                return self._built(Literal(-value), part.kind, 1, position)
        return self.call(name, position, [part])

    def binary(self, name: str, position: int, left: Operand, right: Operand) -> Operand:
        """Return two operands joined, compared or computed with."""
        if name in ARITHMETIC:
            return self.call(name, position, [left, right])
        if name in {"and", "or"}:
            self._require_truth(name, position, left)
            self._require_truth(name, position, right)
            return self._joined(And if name == "and" else Or, position, left, right)
        kinds = {_number(left.kind), _number(right.kind)} - {Kind.NOTHING}
        if len(kinds) > 1:
            raise self.refusal(
                position, f"{name} cannot compare a {left.kind} with a {right.kind}."
            )
        if name not in {"eq", "ne"} and kinds & {Kind.TRUTH, Kind.BINARY}:
            raise self.refusal(position, f"{name} takes numbers, texts and times.")
        compared = Comparison(name, left.expression, right.expression)
        return self._built(compared, Kind.TRUTH, 1 + max(left.depth, right.depth), position)

    def _require_truth(self, name: str, position: int, part: Operand) -> None:
        if part.kind not in {Kind.TRUTH, Kind.NOTHING}:
            raise self.refusal(
                position,
                f"{name} takes what is true or false, not a {part.kind}; parentheses help.",
            )

    def _joined(
        self, junction: type[And] | type[Or], position: int, left: Operand, right: Operand
    ) -> Operand:
        """Return ``a and b and c`` as one junction of three: a long list is no deep tree."""
        parts: tuple[Expression, ...] = (left.expression,)
        depth = left.depth + 1
        if isinstance(left.expression, junction):
            parts, depth = left.expression.parts, left.depth
        joined = junction((*parts, right.expression))
        return self._built(joined, Kind.TRUTH, max(depth, right.depth + 1), position)

    def _built(self, expression: Expression, kind: Kind, depth: int, position: int) -> Operand:
        self._nodes += 1
        if self._nodes > conditions.MOST_NODES:
            raise self.refusal(position, f"more than {conditions.MOST_NODES} parts.")
        if depth > conditions.MOST_DEPTH:
            raise self.refusal(
                position, f"parts within parts, more than {conditions.MOST_DEPTH} deep."
            )
        return Operand(expression, kind, depth)


def _number(kind: Kind) -> Kind:
    """Return what a kind can be taken as: a whole number is a number too."""
    return Kind.NUMBER if kind is Kind.INTEGER else kind


def _kind_of(value: LiteralValue) -> Kind:
    if isinstance(value, bool):
        return Kind.TRUTH
    if isinstance(value, int):
        return Kind.INTEGER
    if isinstance(value, (float, Decimal)):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.TEXT
    if isinstance(value, bytes):
        return Kind.BINARY
    return Kind.NOTHING if value is None else Kind.INSTANT
