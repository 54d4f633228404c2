"""Forms as various clients send them: transfer encodings, field names, file names."""

import string
import time

import pytest
from falcon import testing
from hypothesis import given, settings
from hypothesis import strategies as st

from caller import PICTURE, Caller
from effort import examples
from memory_spike import MemorySpike
from multipart import BOUNDARY, CONTENT_TYPE, a_form, a_part
from spike_core.domain.errors import InvalidFileName
from spike_core.domain.limits import FILE_NAME_CHARS_MAX
from spike_http import create_app
from spike_http.requests.file_names import image_name_of

UPLOADS = ("/api/images/upload", "/api/images/anonymous-upload")
BATCH = "/api/images/batch-upload"
MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def part(head: bytes, content: bytes = PICTURE) -> bytes:
    """Return a part with exactly these header lines."""
    return f"--{BOUNDARY}\r\n".encode() + head + b"\r\n\r\n" + content + b"\r\n"


def named(filename: bytes, *, field: bytes = b"file") -> bytes:
    return part(b'Content-Disposition: form-data; name="' + field + b'"; ' + filename)


def send(ada: Caller, path: str, *parts: bytes, content_type: str = CONTENT_TYPE) -> testing.Result:
    headers = {**ada.headers, "Content-Type": content_type}
    return ada.client.simulate_post(path, headers=headers, body=a_form(*parts))


def label(ada: Caller, filename: bytes) -> object:
    """Return the name in the response to an upload, or its error."""
    answer = send(ada, UPLOADS[0], named(filename))
    return answer.json["image"]["name"] if answer.status_code == 200 else answer.json["error"]


@pytest.mark.parametrize("path", [*UPLOADS, BATCH])
@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary", "BINARY", "8BIT", "Binary", " 7Bit "])
def test_a_part_may_say_that_it_is_sent_as_it_is(ada: Caller, path: str, encoding: str) -> None:
    field = "files" if path == BATCH else "file"
    head = f'Content-Disposition: form-data; name="{field}"; filename="a.jpg"\r\nContent-Transfer-Encoding: {encoding}'
    other = f'content-disposition: form-data; name="albumId"\r\nCONTENT-TRANSFER-ENCODING: {encoding}'
    answer = send(ada, path, part(other.encode(), b""), part(head.encode()))
    assert (answer.status_code, answer.json["success"]) == (200, True)


@pytest.mark.parametrize("path", [*UPLOADS, BATCH])
@pytest.mark.parametrize("encoding", ["base64", "Quoted-Printable", "x-unknown", "8bit, base64"])
def test_a_part_in_another_encoding_is_refused_in_words(
    ada: Caller, services: MemorySpike, path: str, encoding: str
) -> None:
    before = services.holdings
    head = f'Content-Disposition: form-data; name="note"\r\nContent-Transfer-Encoding: {encoding}'
    answer = send(ada, path, part(head.encode(), b"eA=="), a_part("file", PICTURE, filename="a.jpg"))
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")
    assert "Content-Transfer-Encoding must be 7bit, 8bit or binary" in answer.json["suggestion"]
    assert services.holdings == before


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Disposition:form-data; name="file"; filename="a.jpg"',
        b'CONTENT-DISPOSITION: form-data; NAME="file"; FileName="a.jpg"',
        b"Content-Disposition: form-data; name=file; filename=a.jpg",
        b'Content-Disposition: form-data;\r\n name="file";\r\n\tfilename="a.jpg"',
        b'Content-Type: IMAGE/JPEG\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nX-Other: 1',
        b'Content-Disposition: attachment; filename="a.jpg"; name="file"\r\nContent-Length: 22',
    ],
)
def test_headers_of_parts_are_read_however_they_are_written(ada: Caller, head: bytes) -> None:
    assert send(ada, UPLOADS[0], part(head)).json["image"]["name"] == "a.jpg"


@pytest.mark.parametrize(
    "content_type",
    [
        f"Multipart/Form-Data; boundary={BOUNDARY}",
        f"MULTIPART/FORM-DATA; Boundary={BOUNDARY}",
        f'multipart/form-data; charset=UTF-8; BOUNDARY="{BOUNDARY}"',
        f"multipart/form-data;boundary={BOUNDARY}",
    ],
)
def test_the_type_of_a_form_is_known_in_any_case(ada: Caller, content_type: str) -> None:
    body = a_part("file", PICTURE, filename="a.jpg")
    assert send(ada, UPLOADS[0], body, content_type=content_type).status_code == 200


@pytest.mark.parametrize("content_type", ["application/JSON; charset=UTF-8", "APPLICATION/json"])
def test_the_type_of_json_is_known_in_any_case(ada: Caller, content_type: str) -> None:
    headers = {**ada.headers, "Content-Type": content_type}
    for path in ("/api/albums", "/api/images/enhance"):
        answer = ada.client.simulate_post(path, headers=headers, body=b'{"name": "Summer"}')
        assert answer.status_code in {201, 400}
        assert (
            answer.json.get("suggestion") != "Please send multipart/form-data to uploads and application/json elsewhere"
        )


@pytest.mark.parametrize("field", ["files", "files[]", "files[0]", "files[19]"])
def test_lists_of_files_are_taken_as_clients_write_them(ada: Caller, field: str) -> None:
    answer = send(ada, BATCH, *(a_part(field, PICTURE, filename=f"{number}.jpg") for number in range(2)))
    assert [result["filename"] for result in answer.json["results"]] == ["0.jpg", "1.jpg"]
    assert answer.json["summary"]["successful"] == 2


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.parametrize("field", ["file", "file[]", "file[0]"])
def test_a_list_of_one_file_is_a_file(ada: Caller, path: str, field: str) -> None:
    assert send(ada, path, a_part(field, PICTURE, filename="a.jpg")).status_code == 200


def test_a_list_of_two_files_is_no_single_upload(ada: Caller) -> None:
    both = send(ada, UPLOADS[0], *(a_part(f"file[{number}]", PICTURE, filename="a.jpg") for number in range(2)))
    assert (both.status_code, both.json["suggestion"]) == (400, "Please send the field file once")


@pytest.mark.parametrize("path", [*UPLOADS, BATCH])
@pytest.mark.parametrize("field", ["image", "photo", "FILE", "", "filesx", "file[x]", "files[0][1]", "[]"])
def test_a_wrong_field_is_told_the_right_one_of_this_endpoint(ada: Caller, path: str, field: str) -> None:
    answer = send(ada, path, a_part(field, PICTURE, filename="a.jpg"))
    right = "files" if path == BATCH else "file"
    assert (answer.status_code, answer.json["error"]) == (400, "No file provided")
    assert answer.json["suggestion"] == f"Please choose an image to upload, in the form field named {right}"


@pytest.mark.parametrize(("path", "wrong", "right"), [(UPLOADS[0], "files[]", "file"), (BATCH, "file[]", "files")])
def test_the_other_endpoints_field_is_told_the_right_one(ada: Caller, path: str, wrong: str, right: str) -> None:
    answer = send(ada, path, a_part(wrong, PICTURE, filename="a.jpg"))
    assert answer.json["suggestion"] == f"Please choose an image to upload, in the form field named {right}"


@pytest.mark.parametrize("path", [*UPLOADS, BATCH])
def test_a_part_without_a_file_name_is_told_what_it_lacks(ada: Caller, path: str) -> None:
    field = "files" if path == BATCH else "file"
    answer = send(ada, path, a_part(field, PICTURE))
    assert (answer.status_code, answer.json["error"]) == (400, "No file provided")
    assert answer.json["suggestion"] == f"Please send the form field named {field} as a file, with a file name"
    nothing = ada.client.simulate_post(path, headers=ada.headers)
    assert nothing.json["suggestion"] == f"Please choose an image to upload, in the form field named {field}"


def test_an_input_without_a_chosen_file_is_none(ada: Caller) -> None:
    empty = named(b'filename=""', field=b"files").replace(PICTURE, b"")
    answer = send(ada, BATCH, empty, a_part("files", PICTURE, filename="a.jpg"), empty)
    assert answer.json["summary"] == {"total": 1, "successful": 1, "failed": 0, "totalCost": 2, "newBalance": 98}
    assert send(ada, BATCH, empty).json["error"] == "No file provided"


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        (b'filename="caf\xe9.jpg"', "café.jpg"),
        (b'filename="na\xefve \x96 1.jpg"', "naïve – 1.jpg"),
        (b'filename="\xff\xfe.jpg"', "ÿþ.jpg"),
        (b'filename="\x81.jpg"', "\N{REPLACEMENT CHARACTER}.jpg"),
        ('filename="Köln.jpg"'.encode(), "Köln.jpg"),
        ('filename="写真.jpg"'.encode(), "写真.jpg"),
        (b"filename=caf\xe9.jpg", "café.jpg"),
        (b"filename*=UTF-8''%E5%86%99%E7%9C%9F.jpg", "写真.jpg"),
        (b"filename*=utf-8'en-US'a%20b.jpg", "a b.jpg"),
        (b"filename*=ISO-8859-1''caf%E9.jpg", "café.jpg"),
        (b"filename=\"plain.jpg\"; filename*=UTF-8''caf%C3%A9.jpg", "café.jpg"),
        (b"filename=\"plain.jpg\"; filename*=UTF-8''caf%E9.jpg", "plain.jpg"),
        (b"filename=\"plain.jpg\"; filename*=utf-7''a.jpg", "plain.jpg"),
        (b'filename="plain.jpg"; filename*=nonsense', "plain.jpg"),
        (rb'filename="C:\Users\x\photo.jpg"', "photo.jpg"),
        (rb'filename="C:\\Users\\x\\photo.jpg"', "photo.jpg"),
        (rb'filename="C:\fakepath\photo.jpg"', "photo.jpg"),
        (b'filename="d:/pictures/photo.jpg"', "photo.jpg"),
        (rb'filename="\\server\share\photo.jpg"', "photo.jpg"),
        (b'filename="/storage/emulated/0/DCIM/photo.jpg"', "photo.jpg"),
        (b'filename="/private/var/mobile/tmp/IMG_0001.JPG"', "IMG_0001.JPG"),
        (b'filename="/' + b"d" * 300 + b'/photo.jpg"', "photo.jpg"),
        ('filename="photo\u202egpj.exe"'.encode(), "photogpj.exe"),
        ('filename="\u200ephoto\u2069.jpg"'.encode(), "photo.jpg"),
        (b"filename*=UTF-8''%E2%80%AEphoto.jpg", "photo.jpg"),
        (b'filename="../etc/passwd.jpg"', "Invalid file name"),
        (b'filename="/../photo.jpg"', "Invalid file name"),
        (rb'filename="C:\..\photo.jpg"', "Invalid file name"),
        (b'filename="/a/./photo.jpg"', "Invalid file name"),
        (b'filename="albums/photo.jpg"', "Invalid file name"),
        (rb'filename="albums\photo.jpg"', "Invalid file name"),
        (b'filename="/storage/.hidden.jpg"', "Invalid file name"),
        (b'filename="/storage/"', "Invalid file name"),
        (b'filename="/"', "Invalid file name"),
        (rb'filename="C:\"', "Invalid file name"),
        ('filename="\u202e.htaccess"'.encode(), "Invalid file name"),
        ('filename="\u202e"'.encode(), "Invalid file name"),
        ('filename="\u202e../x.jpg"'.encode(), "Invalid file name"),
        (b'filename="a\x07b.jpg"', "Invalid file name"),
        ('filename="a\x85b.jpg"'.encode(), "Invalid file name"),
        (b"filename*=UTF-8''a%00b.jpg", "Invalid file name"),
        (b"filename*=UTF-8''..%2Fx.jpg", "Invalid file name"),
        (b'filename="/storage/' + b"a" * 256 + b'"', "Invalid file name"),
    ],
)
def test_a_file_name_becomes_a_label_or_is_refused(ada: Caller, filename: bytes, expected: str) -> None:
    assert label(ada, filename) == expected


def test_labels_are_made_alike_for_batches_and_without_an_account(ada: Caller) -> None:
    path = rb'filename="C:\Users\caf' + b"\xe9" + rb'\photo.jpg"'
    batch = send(ada, BATCH, named(path, field=b"files"), named(b'filename="../x.jpg"', field=b"files"))
    assert [result["filename"] for result in batch.json["results"]] == ["photo.jpg", "../x.jpg"]
    assert [result["success"] for result in batch.json["results"]] == [True, False]
    assert send(ada, UPLOADS[1], named(path)).json["image"]["name"] == "photo.jpg"


@given(st.text(max_size=FILE_NAME_CHARS_MAX + 5) | st.text("/\\.:a" + MARKS, max_size=12))
def test_every_file_name_is_refused_or_a_label_without_path_and_marks(filename: str) -> None:
    try:
        text = image_name_of(filename).text
    except InvalidFileName:
        return
    assert 0 < len(text) <= FILE_NAME_CHARS_MAX
    assert not text.startswith(".")
    assert not {*text} & {*"/\\" + MARKS}


@given(st.text(string.printable, max_size=40).map(str.encode) | st.binary(max_size=60), st.integers(0, 200))
@settings(max_examples=examples(60, share=4), deadline=None)
def test_no_form_however_broken_is_an_error_of_ours(noise: bytes, cut: int) -> None:
    services = MemorySpike.build()
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    whole = a_form(named(b'filename="a.jpg"'), part(noise, noise))
    for body in (whole[:cut], whole[: -cut or None], noise + whole, whole.replace(b"form-data", noise)):
        headers = {**ada.headers, "Content-Type": CONTENT_TYPE}
        assert ada.client.simulate_post(BATCH, headers=headers, body=body).status_code < 500


def test_a_form_of_too_many_parts_is_refused(ada: Caller) -> None:
    parts = [a_part("note", b"x")] * 64
    assert send(ada, UPLOADS[0], *parts[1:], a_part("file", PICTURE, filename="a.jpg")).status_code == 200
    assert send(ada, UPLOADS[0], *parts, a_part("file", PICTURE, filename="a.jpg")).status_code == 400


def test_headers_of_a_part_are_bounded(ada: Caller) -> None:
    assert send(ada, UPLOADS[0], part(b"X: " + b"x" * 9000)).status_code == 400


def test_a_content_type_without_end_is_refused_soon(ada: Caller) -> None:
    """Parsing its quoted semicolons took half a minute."""
    began_s = time.process_time()
    endless = 'multipart/form-data; boundary="' + ";" * 200_000
    assert send(ada, UPLOADS[0], named(b"a.jpg"), content_type=endless).status_code == 400
    assert time.process_time() - began_s < 5, "a hang guard"
