"""Log lines: events with fields, as JSON on standard error, or readable on a terminal."""

import logging
import sys
from collections.abc import Sequence

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def configure(level: str) -> None:
    """Send what is logged in this process to standard error, from ``level`` on."""
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_FIRST, *_last()],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        # Past the standard library's loggers: a line costs half as much.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_FIRST],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    # What uvicorn says of a connection without a request we say ourselves, with its address.
    logging.getLogger("uvicorn.error").setLevel(max(least, logging.ERROR))
    # Its debug lines name each callback of the event loop.
    logging.getLogger("asyncio").setLevel(max(least, logging.WARNING))


_FIRST: Sequence[Processor] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def _last() -> list[Processor]:
    if sys.stderr.isatty():
        # What clients sent may hold escape sequences, which repr() shows instead of obeying.
        return [
            structlog.dev.ConsoleRenderer(
                exception_formatter=structlog.dev.plain_traceback, repr_native_str=True
            )
        ]
    return [structlog.processors.format_exc_info, _as_json]


def _as_json(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    # Time, level and event come first in each line: people read logs, too.
    first = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    return msgspec.json.encode({**first, **event}, enc_hook=str).decode()
