"""Logging: one formatter, and ids on every line."""

import json
import logging

import pytest
import structlog

from spike_runtime.logs import configure_logging

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def test_both_kinds_of_logger_write_json_with_the_bound_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", form="json")
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        structlog.get_logger("ours").info("hello", number=1)
        logging.getLogger("theirs").warning("world %d", 2)
    logging.getLogger("theirs").debug("silence")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["number"], first["request_id"], first["level"]) == ("hello", 1, "req_1", "info")
    assert (second["event"], second["request_id"], second["logger"]) == ("world 2", "req_1", "theirs")


def test_a_traceback_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", form="json")
    logging.getLogger("theirs").error("trouble", exc_info=ValueError("oh"))
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: oh" in json.loads(line)["exception"]


def test_the_console_form_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", form="console")
    structlog.get_logger("ours").info("hello")
    assert "hello" in capsys.readouterr().err


def test_a_request_that_waits_for_a_thread_is_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    """Waitress warns of each, which under load is nearly every one; its errors are shown."""
    configure_logging(level="INFO", form="json")
    logging.getLogger("waitress.queue").warning("Task queue depth is %d", 1)
    logging.getLogger("waitress.queue").error("trouble")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "trouble"
