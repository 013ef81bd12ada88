"""The SQL functions that every engine has, for PostgreSQL: statements that make them.

They are in the schema of the tables and need no extension. Nothing in them depends on the locale of
the database: what a collation can change says "C". Case is mapped as Python does it, by tables made
of its own methods when the statements are built; another version of Python may know other letters.

Statements are ASCII and have no percent sign and no colon before a word, so that they mean the same
whether or not the driver looks for parameters. PL/pgSQL is used where a function has more than one
step: SQL that is not taken into the statement that calls it takes several times as long.
"""

from functools import cache

from keysteward.storage import sap_texts
from keysteward.storage.engines import postgresql_case

_MOST = (1 << 63) - 1
_SOME_BYTES = 264
"""Where the version of a certificate is at the latest; a long one is not read beyond."""


def _function(signature: str, result: str, body: str, parallel: str = "SAFE") -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {signature} RETURNS {result} LANGUAGE plpgsql"
        f" IMMUTABLE STRICT PARALLEL {parallel} AS $body$\n{body}\n$body$"
    )


def _expression(signature: str, result: str, body: str) -> str:
    """Return what makes a function that becomes part of the statement that calls it."""
    return (
        f"CREATE OR REPLACE FUNCTION {signature} RETURNS {result} LANGUAGE sql"
        f" IMMUTABLE STRICT PARALLEL SAFE AS $body$ SELECT {body} $body$"
    )


# ---- what SAP's API shows

_TYPES = " ".join(f"WHEN '{name}' THEN '{shown}'" for name, shown in sap_texts.KEYWORDS.items())

# As ``sap_texts`` does it, but the escaped characters that would be taken for something else are
# replaced by control characters meanwhile, which no name has that ``names.shown`` made: to split a
# text takes a tenth of the time that expressions with groups take.
_SAP_NAME = rf"""
DECLARE
    hidden text := value;
    result text := '';
    attribute text;
    kind text;
    shown text;
BEGIN
    IF value COLLATE "C" !~ '{sap_texts.ODD.pattern}' THEN
        RETURN replace(value, ',', ', ');
    END IF;
    IF strpos(value, '\') > 0 THEN
        hidden := replace(replace(replace(value, '\\', chr(3)), '\,', chr(1)), '\+', chr(2));
    END IF;
    FOREACH attribute IN ARRAY string_to_array(
        replace(replace(hidden, ',', ',' || chr(4)), '+', '+' || chr(4)), chr(4)
    ) LOOP
        kind := split_part(attribute, '=', 1);
        shown := rtrim(substr(attribute, length(kind) + 2), ',+');
        IF left(shown, 1) <> '#' THEN
            IF strpos(shown, '\') > 0 THEN
                shown := regexp_replace(shown COLLATE "C", '\\([^0-9A-Fa-f"])', '\1', 'g');
            END IF;
            IF shown COLLATE "C" ~ '[\x01-\x03=<>#;\\"]|^ | $|  ' THEN
                shown := '"' || shown || '"';
            END IF;
        END IF;
        result := result || CASE kind {_TYPES}
            ELSE CASE WHEN left(kind, 1) COLLATE "C" BETWEEN '0' AND '9' THEN 'OID.' || kind
            ELSE kind END END
            || '=' || shown || CASE right(attribute, 1) WHEN ',' THEN ', ' WHEN '+' THEN ' + '
            ELSE '' END;
    END LOOP;
    RETURN replace(replace(replace(result, chr(1), ','), chr(2), '+'), chr(3), '\\');
END"""

# Eight bytes at a time, which the type of hardware addresses writes with colons.
_EIGHTS = ", ".join(
    f"CAST(CAST(nullif(substr(digits, {start}, 16), '') AS macaddr8) AS text)"
    for start in range(1, 128, 16)
)
_COLON_HEX = f"""
DECLARE
    size integer := octet_length(value);
    digits text := rpad(encode(value, 'hex'), (size + 7) / 8 * 16, '0');
    result text;
BEGIN
    WHILE digits <> '' LOOP
        result := concat_ws(':', result, {_EIGHTS});
        digits := substr(digits, 129);
    END LOOP;
    RETURN upper(coalesce(left(result, size * 3 - 1), '') COLLATE "C");
END"""

_SHOWN = (
    _function(
        "hexalias(value text)",
        "text",
        "BEGIN RETURN upper(encode(convert_to(value, 'UTF8'), 'hex') COLLATE \"C\"); END",
    ),
    _function("sap_name(value text)", "text", _SAP_NAME),
    _function("colon_hex(value bytea)", "text", _COLON_HEX),
    _function(
        "certificate_version(value bytea)",
        "integer",
        f"""
DECLARE
    head bytea := substr(value, 1, {_SOME_BYTES});
    at integer := 0;
    size integer;
BEGIN
    FOR element IN 1..2 LOOP
        size := CASE WHEN octet_length(head) > at + 1 THEN get_byte(head, at + 1) ELSE 0 END;
        at := at + 2 + CASE WHEN size >= 128 THEN size - 128 ELSE 0 END;
    END LOOP;
    IF substr(head, at + 1, 1) <> '\\xa0' OR substr(head, at + 5, 1) = '\\x00' THEN
        RETURN 1;
    END IF;
    RETURN 3;
END""",
    ),
)

# ---- parts of texts and times

_PARTS = (
    _expression(
        "text_index(value text, part text)",
        "integer",
        'strpos(value COLLATE "C", part COLLATE "C") - 1',
    ),
    _function(
        "text_part(value text, start bigint, size bigint)",
        "text",
        """
BEGIN
    -- Longer than any text is, and no sum of two is too large.
    RETURN substr(
        value,
        CAST(least(greatest(start, 0), 1073741823) AS integer) + 1,
        CAST(least(greatest(size, 0), 1073741823) AS integer)
    );
END""",
    ),
    _function(
        "instant_part(part text, microseconds bigint)",
        "integer",
        """
DECLARE
    days integer := microseconds / 86400000000;
    rest bigint := mod(microseconds, 86400000000);
BEGIN
    IF rest < 0 THEN
        days := days - 1;
        rest := rest + 86400000000;
    END IF;
    RETURN CASE part
        WHEN 'year' THEN extract(year FROM date '1970-01-01' + days)
        WHEN 'month' THEN extract(month FROM date '1970-01-01' + days)
        WHEN 'day' THEN extract(day FROM date '1970-01-01' + days)
        WHEN 'hour' THEN rest / 3600000000
        WHEN 'minute' THEN mod(rest / 60000000, 60)
        WHEN 'second' THEN mod(rest / 1000000, 60)
    END;
END""",
    ),
)

# ---- numbers

_WHOLE_ARITHMETIC = f"""
DECLARE
    result numeric;
BEGIN
    IF operation = 'add' THEN
        result := CAST(a AS numeric) + b;
    ELSIF operation = 'sub' THEN
        result := CAST(a AS numeric) - b;
    ELSIF operation = 'mul' THEN
        result := CAST(a AS numeric) * b;
    ELSIF b = 0 THEN
        RETURN NULL;
    ELSIF operation = 'div' THEN
        result := div(CAST(a AS numeric), b);
    ELSIF operation = 'mod' THEN
        RETURN mod(a, b);
    END IF;
    RETURN CASE WHEN result BETWEEN -{_MOST} - 1 AND {_MOST} THEN CAST(result AS bigint) END;
END"""

# The remainder is by long division, in which each step is exact. What is neither too large nor too
# small for any operation is computed at once: to catch an error costs more than all the rest.
_REAL_ARITHMETIC = """
DECLARE
    rest double precision;
    step double precision;
BEGIN
    IF operation = 'mod' THEN
        IF b = 0 THEN
            RETURN NULL;
        END IF;
        rest := abs(a);
        step := abs(b);
        WHILE step <= rest - step LOOP
            step := step + step;
        END LOOP;
        WHILE rest >= abs(b) LOOP
            IF rest >= step THEN
                rest := rest - step;
            END IF;
            IF step > abs(b) THEN
                step := step / 2;
            END IF;
        END LOOP;
        RETURN CASE WHEN a < 0 THEN -rest ELSE rest END;
    ELSIF operation = 'div' AND b = 0 THEN
        RETURN NULL;
    ELSIF operation IN ('mul', 'div') AND (a = 0 OR b = 0) THEN
        RETURN 0;
    ELSIF (a = 0 OR abs(a) BETWEEN 1e-140 AND 1e140) AND (b = 0 OR abs(b) BETWEEN 1e-140 AND 1e140)
    THEN
        RETURN CASE operation
            WHEN 'add' THEN a + b WHEN 'sub' THEN a - b WHEN 'mul' THEN a * b WHEN 'div' THEN a / b
        END;
    END IF;
    BEGIN
        RETURN CASE operation
            WHEN 'add' THEN a + b WHEN 'sub' THEN a - b WHEN 'mul' THEN a * b WHEN 'div' THEN a / b
        END;
    EXCEPTION WHEN numeric_value_out_of_range THEN
        -- Of a result that is too small nothing is left, and one that is too large is none.
        RETURN CASE WHEN operation = 'mul' AND (abs(a) < 1 OR abs(b) < 1)
            OR operation = 'div' AND abs(b) > 1 THEN 0 END;
    END;
END"""

_ROUNDED = """
DECLARE
    whole double precision := floor(abs(a));
BEGIN
    IF how = 'floor' THEN
        RETURN floor(a);
    ELSIF how = 'ceiling' THEN
        RETURN ceiling(a);
    END IF;
    IF abs(a) - whole >= 0.5 THEN
        whole := whole + 1;
    END IF;
    RETURN CASE WHEN a < 0 THEN -whole ELSE whole END;
END"""

_COMPARED = """
DECLARE
    below bigint;
BEGIN
    IF number >= 9223372036854775808 THEN
        RETURN -1;
    ELSIF number < -9223372036854775808 THEN
        RETURN 1;
    END IF;
    below := floor(number);
    RETURN CASE WHEN whole > below THEN 1 WHEN whole < below OR number > floor(number) THEN -1
        ELSE 0 END;
END"""

_REAL = "double precision"
_NUMBERS = (
    _function(
        "arithmetic(operation text, a bigint, b bigint)",
        "bigint",
        _WHOLE_ARITHMETIC,
    ),
    # Without these, two short integers would be taken for floats.
    *(
        _expression(
            f"arithmetic(operation text, a {first}, b {second})",
            "bigint",
            "arithmetic(operation, CAST(a AS bigint), CAST(b AS bigint))",
        )
        for first, second in (
            ("integer", "integer"),
            ("integer", "bigint"),
            ("bigint", "integer"),
        )
    ),
    # No errors are caught in what several processes do for one statement.
    _function(
        f"arithmetic(operation text, a {_REAL}, b {_REAL})",
        _REAL,
        _REAL_ARITHMETIC,
        parallel="UNSAFE",
    ),
    _function(f"compared(whole bigint, number {_REAL})", "integer", _COMPARED),
    _function(f"rounded(how text, a {_REAL})", _REAL, _ROUNDED),
)


@cache
def create() -> tuple[str, ...]:
    """Return what makes the functions, or makes them anew, in the current schema.

    To build it takes some tenths of a second.
    """
    return (
        *_SHOWN,
        *_PARTS,
        *_NUMBERS,
        _function("text_lower(value text)", "text", postgresql_case.lower()),
        _function("text_upper(value text)", "text", postgresql_case.upper()),
        _function("folded(value text)", "text", postgresql_case.folded()),
    )
