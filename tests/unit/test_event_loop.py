"""Coroutines run in tests beside an event loop that runs already, as it does once a browser is open."""

import ast
import asyncio
from pathlib import Path

import pytest

from event_loop import run_coroutine

TESTS = Path(__file__).resolve().parent.parent


def test_a_coroutine_runs_where_a_loop_runs_already_and_its_error_is_raised() -> None:
    ran: list[str] = []

    async def inner() -> None:
        await asyncio.sleep(0)
        ran.append("inner")
        raise LookupError

    async def outer() -> None:
        with pytest.raises(LookupError):
            run_coroutine(inner)
        ran.append("outer")

    run_coroutine(outer)
    assert ran == ["inner", "outer"]


def test_no_test_runs_a_loop_in_its_own_thread() -> None:
    own = {"asyncio.run", "anyio.run", "asyncio.Runner"}
    runs = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in TESTS.rglob("*.py")
        if path.name != "event_loop.py" and ("io.run(" in (text := path.read_text()) or "io.Runner(" in text)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in own
    ]
    assert runs == []
