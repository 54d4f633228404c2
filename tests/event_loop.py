"""Run coroutines in tests, whatever runs in the test's own thread."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_coroutine(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `main()` on an event loop of its own thread and raise what it raises.

    `asyncio.run` refuses a thread whose event loop runs already, and Playwright's synchronous API keeps one running in
    the thread of every pytest process that has opened a browser.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(main())).result()
