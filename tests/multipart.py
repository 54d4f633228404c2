"""Multipart forms, built without a library so that they can be invalid."""

from typing import Final

BOUNDARY: Final = "spike-test-boundary"
CONTENT_TYPE: Final = f"multipart/form-data; boundary={BOUNDARY}"


def a_part(name: str, content: bytes, *, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def a_form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def an_upload(content: bytes, *, filename: str = "photo.jpg") -> bytes:
    return a_form(a_part("file", content, filename=filename))
