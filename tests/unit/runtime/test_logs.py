"""Logging: one formatter, and ids on every line."""

import json
import logging

import pytest
import structlog
from falcon import testing

from memory_spike import MemorySpike
from spike_http import create_app
from spike_runtime.logs import configure_logging, get_logger

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def test_both_kinds_of_logger_write_json_with_the_bound_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", form="json")
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        get_logger("ours").info("hello", number=1)
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
    get_logger("ours").info("hello")
    assert "hello" in capsys.readouterr().err


def test_a_request_that_waits_for_a_thread_is_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    """Waitress warns of each, which under load is nearly every one; its errors are shown."""
    configure_logging(level="INFO", form="json")
    logging.getLogger("waitress.queue").warning("Task queue depth is %d", 1)
    logging.getLogger("waitress.queue").error("trouble")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "trouble"


def test_without_a_configuration_events_go_to_the_programs_own_handlers(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Embedded, Spike prints nothing, and any formatter shows the event with its fields."""
    with caplog.at_level(logging.INFO), structlog.contextvars.bound_contextvars(request_id="req_1"):
        get_logger("ours").info("hello", number=1)
        try:
            int("oh")
        except ValueError:
            get_logger("ours").exception("trouble", number=2)
    hello, trouble = caplog.records
    assert (hello.getMessage(), hello.name, hello.exc_info) == ("hello number=1 request_id=req_1", "ours", None)
    assert trouble.getMessage() == "trouble number=2 request_id=req_1"
    assert trouble.exc_info is not None
    assert "ValueError: invalid literal" in caplog.text
    assert capsys.readouterr() == ("", "")


def test_a_logger_doesnt_touch_how_structlog_is_configured() -> None:
    before = structlog.get_config()
    get_logger("ours").warning("hello")
    assert (structlog.get_config(), structlog.is_configured()) == (before, False)


def test_a_request_leaves_what_the_program_around_it_bound(caplog: pytest.LogCaptureFixture) -> None:
    client = testing.TestClient(create_app(MemorySpike.build().spike))
    with caplog.at_level(logging.INFO), structlog.contextvars.bound_contextvars(request_id="theirs", shop="1"):
        client.simulate_get("/healthz")
        assert structlog.contextvars.get_contextvars() == {"request_id": "theirs", "shop": "1"}
    (line,) = caplog.records
    assert "request_id=req_" in line.getMessage()
