"""An operation's example as a curl command."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from spike_http.openapi.operations import Access, Form, Json, Operation
from spike_http.openapi.texts.operation_text import OperationText


def curl_command(method: str, url: str, *, operation: Operation, text: OperationText) -> str:
    """Return a command for a POSIX shell that sends the example; `$TOKEN` stands for a session token or an API key."""
    address = url.format_map(text.path) + (f"?{urlencode(text.query)}" if text.query else "")
    first = ["curl"] if method == "GET" or (method == "POST" and operation.body is not None) else ["curl", "-X", method]
    lines = [shlex.join([*first, address])]
    if operation.access in {Access.USER, Access.OPTIONAL_USER}:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    match operation.body:
        case Json():
            lines.append('-H "Content-Type: application/json"')
            lines.append(f"-d {shlex.quote(json.dumps(text.request, ensure_ascii=False))}")
        case Form(fields=fields):
            lines += [f"-F {shlex.quote(field)}" for field in _form_fields(text.request, fields)]
        case None:
            pass
    return " \\\n  ".join(lines)


def _form_fields(values: Mapping[str, str | list[str]], fields: Mapping[str, Any]) -> Iterable[str]:
    for name, value in values.items():
        is_file = "format" in fields[name] or "items" in fields[name]
        for each in value if isinstance(value, list) else [value]:
            yield f"{name}={'@' if is_file else ''}{each}"
