"""`spike enhance`: the files that it writes and keeps, its output and its exit codes."""

import os
import pty
import resource
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from corpus import CORPUS, strays
from effort import staggered
from pictures import an_animation, decoded, encoded, exif, photograph
from preloaded import run, start
from running import PATIENCE_S, SPIKE, environment
from spike_core.domain.objects import PictureFormat
from spike_pillow.authorship import Authorship
from spike_pillow.xmp import packet_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two photographs."""
    for name, photo in (("cat.jpg", "chelsea.png"), ("cup.png", "coffee.png")):
        format_ = "PNG" if name.endswith("png") else "JPEG"
        (tmp_path / name).write_bytes(encoded(photograph(photo, size=(300, 200)), format_))
    return tmp_path


def enhance(
    folder: Path, *arguments: str, limit: Callable[[], None] | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    command, given = [SPIKE, "enhance", *arguments], environment(folder / "var", settings)
    if limit is None:
        return run(command, given, timeout_s=PATIENCE_S, cwd=folder)
    return subprocess.run(
        command,
        env=given,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        preexec_fn=limit,  # no threads here
    )


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(("tier", "side_px"), [("FREE", 1024), ("TIER_1K", 1024), ("tier_2k", 2048), ("TIER_4K", 4096)])
def test_a_picture_comes_out_at_its_tier_and_nothing_else_is_made(folder: Path, tier: str, side_px: int) -> None:
    done = enhance(folder, "cat.jpg", "--tier", tier, "-o", "out.jpg")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out.jpg\n", "")
    assert names(folder) == {"cat.jpg", "cup.png", "out.jpg"}
    with Image.open(folder / "out.jpg") as picture:
        assert max(picture.size) == side_px


@pytest.mark.parametrize("name", ["out.jpg", "out.JPEG", "out.png", "out.webp", "out.avif"])
def test_the_extension_chooses_the_format(folder: Path, name: str) -> None:
    assert enhance(folder, "cat.jpg", "--tier", "FREE", "-o", name).returncode == 0
    expected = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".avif": "AVIF"}[
        Path(name).suffix.lower()
    ]
    with Image.open(folder / name) as picture:
        assert picture.format == expected


def test_many_pictures_go_beside_themselves_and_the_paths_are_printed(folder: Path) -> None:
    done = enhance(folder, "cat.jpg", "cup.png", "--tier", "TIER_1K")
    assert (done.returncode, done.stdout) == (0, "cat-1k.jpg\ncup-1k.jpg\n")
    assert names(folder) == {"cat.jpg", "cup.png", "cat-1k.jpg", "cup-1k.jpg"}


def test_a_folder_is_made_for_many_and_takes_the_format_that_is_named(folder: Path) -> None:
    done = enhance(folder, "cat.jpg", "cup.png", "--tier", "FREE", "-o", "new/results", "--format", "webp")
    assert done.returncode == 0
    assert names(folder / "new/results") == {"cat-free.webp", "cup-free.webp"}


def test_one_picture_goes_into_a_folder_that_is_there_or_ends_in_a_slash(folder: Path) -> None:
    assert enhance(folder, "cat.jpg", "--tier", "FREE", "-o", "made/").returncode == 0
    assert enhance(folder, "cup.png", "--tier", "FREE", "-o", "made").returncode == 0
    assert names(folder / "made") == {"cat-free.jpg", "cup-free.jpg"}


def test_before_and_after_are_written_where_asked_for(folder: Path) -> None:
    done = enhance(folder, "cat.jpg", "--tier", "FREE", "--compare")
    assert done.stdout == "cat-free.jpg\ncat-free-compare.jpg\n"
    assert decoded((folder / "cat-free-compare.jpg").read_bytes()).size == (1024, 2 * 683 + 10)


def test_each_failure_is_one_line_and_the_others_are_done(folder: Path) -> None:
    (folder / "moving.gif").write_bytes(an_animation(PictureFormat.GIF))
    (folder / "page.png").write_text("<html>")
    (folder / "none.png").write_bytes(b"")
    os.mkfifo(folder / "pipe.png")
    pictures = ("moving.gif", "page.png", "none.png", "pipe.png", "var.png", ".", "cat.jpg")
    done = enhance(folder, *pictures, "--tier", "FREE")
    assert (done.returncode, done.stdout) == (1, "cat-free.jpg\n")
    lines = done.stderr.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [["spike", name] for name in pictures[:-1]]
    assert not list(folder.glob(".spike-*"))


def test_what_is_there_is_kept_unless_told(folder: Path) -> None:
    (folder / "out.jpg").write_bytes(b"mine")
    kept = enhance(folder, "cat.jpg", "--tier", "FREE", "-o", "out.jpg")
    assert (kept.returncode, (folder / "out.jpg").read_bytes()) == (1, b"mine")
    assert kept.stderr == "spike: cat.jpg: out.jpg exists already; --overwrite replaces it\n"
    assert enhance(folder, "cat.jpg", "--tier", "FREE", "-o", "out.jpg", "--overwrite").returncode == 0
    assert decoded((folder / "out.jpg").read_bytes()).size == (1024, 683)


def test_an_original_is_never_replaced(folder: Path) -> None:
    before = (folder / "cat.jpg").read_bytes()
    (folder / "link.jpg").symlink_to("cat.jpg")
    for out in ("cat.jpg", "./cat.jpg", "link.jpg"):
        assert enhance(folder, "cat.jpg", "--tier", "FREE", "-o", out, "--overwrite").returncode == 1
    assert (folder / "cat.jpg").read_bytes() == before


def test_two_pictures_of_one_name_do_not_replace_each_other(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other/cat.png").write_bytes((folder / "cup.png").read_bytes())
    done = enhance(folder, "cat.jpg", "other/cat.png", "--tier", "FREE", "-o", "out", "--overwrite")
    assert (done.returncode, done.stdout) == (1, "out/cat-free.jpg\n")
    assert done.stderr.startswith("spike: other/cat.png: ")
    assert names(folder / "out") == {"cat-free.jpg"}


@pytest.mark.parametrize("name", ["out.jpg", "out.png", "out.webp"])
def test_results_keep_the_camera_and_never_the_place(folder: Path, name: str) -> None:
    author = exif().replace(b"SecretCamera", "Jürgen Noll".encode())  # Pillow can't write it
    packet = packet_of(Authorship(creators=("山田太郎",)))
    (folder / "shot.jpg").write_bytes(encoded(photograph(size=(300, 200)), exif=author, xmp=packet))
    assert enhance(folder, "shot.jpg", "--tier", "FREE", "-o", name).returncode == 0
    result = decoded((folder / name).read_bytes())
    tags = result.getexif()
    assert tags[ExifTags.Base.Make].encode("latin-1") == "Jürgen Noll".encode()
    assert result.info["xmp"] == packet
    assert not tags.get_ifd(ExifTags.IFD.GPSInfo)
    assert enhance(folder, "shot.jpg", "--tier", "FREE", "-o", f"bare-{name}", SPIKE_EXIF="strip").returncode == 0
    bare = decoded((folder / f"bare-{name}").read_bytes()).getexif()
    resolution = {ExifTags.Base.XResolution, ExifTags.Base.YResolution, ExifTags.Base.ResolutionUnit}
    assert set(bare) <= resolution  # where WebP has it


def test_transparency_is_kept_unless_a_jpeg_is_ordered(folder: Path) -> None:
    picture = photograph(size=(300, 200)).convert("RGBA")
    picture.putpixel((0, 0), (0, 0, 0, 0))
    (folder / "clear.png").write_bytes(encoded(picture, "PNG"))
    assert enhance(folder, "clear.png", "--tier", "FREE", "-o", "out.jpg").returncode == 0
    assert enhance(folder, "clear.png", "--tier", "FREE").stdout == "clear-free.png\n"


def test_a_full_disk_leaves_no_half_file(folder: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = enhance(folder, "cat.jpg", "--tier", "TIER_2K", "-o", "out.jpg", limit=small_files)
    assert done.returncode == 1
    assert done.stderr.startswith("spike: cat.jpg: out.jpg: ")
    assert names(folder) == {"cat.jpg", "cup.png"}


@pytest.mark.parametrize("number", staggered([signal.SIGINT, signal.SIGTERM], step=2))
def test_an_end_in_the_middle_leaves_whole_files_alone(folder: Path, number: signal.Signals) -> None:
    pictures = []
    for index in range(30):
        path = folder / f"{index}.jpg"
        path.write_bytes((folder / "cat.jpg").read_bytes())
        pictures.append(path.name)
    # a shell's job in the background, such as these tests may be, ignores Ctrl-C, and so would what it starts
    earlier = signal.signal(number, signal.default_int_handler)
    with subprocess.Popen(
        [SPIKE, "enhance", *pictures, "--tier", "TIER_2K", "-o", "out"],
        env={**environment(folder / "var", {}), "PYTHONUNBUFFERED": "1"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        signal.signal(number, earlier)
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 1
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    made = list((folder / "out").iterdir())
    assert 1 <= len(made) < len(pictures)
    for path in made:
        assert path.suffix == ".jpg"
        assert decoded(path.read_bytes()).size == (2048, 1365)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("cat.jpg", "--tier", "TIER_8K"),
        ("cat.jpg", "-o", "out.gif"),
        ("cat.jpg", "-o", "out"),
        ("cat.jpg", "-o", "out.jpg", "--format", "png"),
        ("cat.jpg", "cup.png", "-o", "cup.png"),
        ("cat.jpg", "--format", "tiff"),
        ("cat.jpg", "--upscaler", "none-such", "-o", "made/"),
    ],
)
def test_wrong_usage_makes_nothing(folder: Path, arguments: tuple[str, ...]) -> None:
    done = enhance(folder, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert names(folder) == {"cat.jpg", "cup.png"}


def test_an_engine_is_chosen_by_name_as_by_the_setting(folder: Path) -> None:
    assert enhance(folder, "cat.jpg", "--upscaler", "classical", SPIKE_UPSCALER="none-such").returncode == 0
    wrong = enhance(folder, "cup.png", SPIKE_UPSCALER="none-such")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("spike: SPIKE_UPSCALER: ")


def test_a_terminal_gets_a_bar(folder: Path) -> None:
    master, slave = pty.openpty()
    command = [SPIKE, "enhance", "cat.jpg", "cup.png", "--tier", "TIER_1K"]
    settings = {**environment(folder / "var", {}), "TERM": "xterm", "COLUMNS": "100"}
    with tempfile.TemporaryFile() as stdout:
        process = start(command, settings, stdout=stdout.fileno(), stderr=slave, cwd=folder)
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:  # Linux says so when the other end is closed
            pass
        assert process.wait(PATIENCE_S) == 0
        stdout.seek(0)
        assert stdout.read() == b"cat-1k.jpg\ncup-1k.jpg\n"
    os.close(master)
    assert b"cup.png" in shown
    assert b"/2" in shown


def test_of_odd_and_hostile_files_each_is_done_or_told_and_none_ends_the_command(tmp_path: Path) -> None:
    names = {f"{index:03}.png": file for index, file in enumerate(staggered(list(CORPUS.values()), step=4))}
    for name, file in names.items():
        (tmp_path / name).write_bytes(file.make())
    done = enhance(tmp_path, *names, "--tier", "FREE", "-o", "out")
    refused = [line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("spike: ")]
    assert done.returncode == 1
    assert refused == [name for name, file in names.items() if file.is_refused]
    taken = [name for name, file in names.items() if not file.is_refused]
    assert [Path(line).name[:3] for line in done.stdout.splitlines()] == [name[:3] for name in taken]
    for path in map(Path, done.stdout.splitlines()):
        assert strays(decoded((tmp_path / path).read_bytes()), names[f"{path.name[:3]}.png"]) == ""


def test_an_analysis_is_printed_and_nothing_is_written(folder: Path) -> None:
    done = enhance(folder, "cat.jpg", "cup.png", "--analyse", SPIKE_UPSCALER="classical")
    assert (done.returncode, done.stderr, names(folder)) == (0, "", {"cat.jpg", "cup.png"})
    assert done.stdout.startswith("cat.jpg: The classical engine resamples every picture alike\n  at TIER_2K: Lanczos")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("-o", "out.png", "--quality", "90"), "lossless"),
        (("--quality", "0"), "--quality"),
        (("--strength", "101"), "--strength"),
        (("--mode", "vivid"), "isn't installed"),
    ],
)
def test_options_that_cannot_be_had_are_refused_before_the_work(
    folder: Path, options: tuple[str, ...], complaint: str
) -> None:
    done = enhance(folder, "cat.jpg", *options, SPIKE_UPSCALER="classical")
    assert (done.returncode, complaint in done.stderr, names(folder)) == (2, True, {"cat.jpg", "cup.png"})
