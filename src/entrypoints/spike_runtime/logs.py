"""Logging: loggers of the standard library whose events have fields; and the log of our own commands.

Values bound to the context (request id, job id) appear on every line logged within it. Importing and building Spike
configures nothing: where a program embeds it, records go to the program's own handlers. Only commands call
`configure_logging`.
"""

import logging
import sys
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# botocore's lines below WARNING contain signatures, which grant access while they are valid
_QUIET: Final = ("dramatiq", "PIL", "alembic", "boto3", "botocore", "urllib3")
# warns of each request that waits for a thread, which under load is nearly every one
_SILENT: Final = ("waitress.queue",)


class LogEvent(dict[str, Any]):
    """An event with its fields, as the message of a log record. Its text is that of other programs' formatters."""

    def __str__(self) -> str:
        """Return the event, then its fields, such as `request method=GET status=200`."""
        fields = (f"{name}={value}" for name, value in self.items() if name != "event")
        return " ".join([str(self.get("event", "")), *fields])


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of this name; its events take fields as keywords.

    It doesn't depend on how structlog is configured, and leaves that to the program around it.
    """
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, structlog.contextvars.merge_contextvars, _as_record],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=False,
    )
    return logger


def _as_record(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> tuple[tuple[LogEvent], dict[str, Any]]:
    """Return the arguments of the standard library's logger."""
    error = event_dict.pop("exc_info", None)
    return (LogEvent(event_dict),), {"exc_info": error}


def configure_logging(*, level: str, form: str) -> None:
    """Write log lines of `level` and above to standard error, as `form` says: auto, console or json."""
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_fields,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(as_json=as_json)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _SILENT:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))


def _with_fields(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Take the fields out of an event of ours."""
    event = event_dict["_record"].msg
    return {**event_dict, **event} if isinstance(event, LogEvent) else event_dict


def _renderers(*, as_json: bool) -> list[Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
