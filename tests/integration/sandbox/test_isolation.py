"""An attacker who executes code in a child can read, write, reach and start nothing.

Each attempt is also made without the protection, where it must succeed: otherwise its failure would prove nothing.
"""

import io
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from hostile_engine import hostile_engine
from missing import do_without
from pictures import a_photo
from running import PATIENCE_S
from sandboxes import LIMITED, a_sandbox
from spike_core.domain.dimensions import Dimensions
from spike_core.ports.factories import EngineResources
from spike_ncnn.options import NeuralOptions, RuntimeName
from spike_ncnn.plugin import open_engine
from spike_pillow import classical_engine
from spike_sandbox import Attempt, Isolation, Sandbox, Surroundings

TESTS: Final = Path(__file__).parents[2]
KILLED: Final = "the child was killed by SIGSYS"
VARIABLES: Final = ("DATABASE_URL", "OPENAI_API_KEY", "REDIS_PASSWORD", "SPIKE_SECRET", "AWS_SECRET_ACCESS_KEY")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other system isolates children")


@pytest.fixture(scope="module")
def limited() -> Iterator[Sandbox]:
    """Children with limits alone."""
    with a_sandbox(hostile_engine, surroundings=LIMITED) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def isolated() -> Iterator[Sandbox]:
    with a_sandbox(classical_engine) as sandbox:
        assert sandbox.lacking() == {}, "this machine can't show what isolation does"
        yield sandbox


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a secret and a database."""
    (tmp_path / "secret").write_text("quiet")
    with closing(sqlite3.connect(tmp_path / "spike.db")) as database:
        database.execute("CREATE TABLE wallets (balance)")
    return tmp_path


@pytest.fixture
def port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def check_refused(isolated: Sandbox, limited: Sandbox, what: Attempt, on: str = "", *, reason: str = "") -> None:
    assert limited.attempt(what, on=on) == "", "the attempt succeeds where nothing prevents it"
    refusal = isolated.attempt(what, on=on)
    assert refusal, f"a child was able to {what}"
    assert reason in refusal


@pytest.mark.parametrize("name", ["secret", "spike.db"])
def test_the_secret_and_the_database_cannot_be_read(isolated: Sandbox, limited: Sandbox, data: Path, name: str) -> None:
    check_refused(isolated, limited, Attempt.READ_FILE, str(data / name), reason="Permission denied")


@pytest.mark.parametrize("name", ["secret", "another"])
def test_no_file_can_be_written(isolated: Sandbox, limited: Sandbox, data: Path, name: str) -> None:
    refusal = isolated.attempt(Attempt.WRITE_FILE, on=str(data / name))
    assert "Operation not permitted" in refusal
    assert sorted(path.name for path in data.iterdir()) == ["secret", "spike.db"]
    assert (data / "secret").read_text() == "quiet"
    assert limited.attempt(Attempt.WRITE_FILE, on=str(data / name)) == ""


def test_the_parents_environment_cannot_be_read(isolated: Sandbox, limited: Sandbox) -> None:
    path = f"/proc/{os.getpid()}/environ"
    check_refused(isolated, limited, Attempt.READ_FILE, path, reason="Permission denied")


@pytest.mark.parametrize("what", [Attempt.READ_MEMORY, Attempt.SIGNAL])
def test_the_parent_cannot_be_touched(isolated: Sandbox, limited: Sandbox, what: Attempt) -> None:
    if what is Attempt.READ_MEMORY and _ptrace_is_restricted():
        do_without("Yama refuses children their parent's memory, isolated or not")
    reason = KILLED if what is Attempt.READ_MEMORY else "Operation not permitted"
    check_refused(isolated, limited, what, str(os.getpid()), reason=reason)


def test_loopback_cannot_be_reached(isolated: Sandbox, limited: Sandbox, port: str) -> None:
    check_refused(isolated, limited, Attempt.CONNECT, port, reason="Operation not permitted")


def test_the_network_is_not_the_parents(isolated: Sandbox, limited: Sandbox) -> None:
    check_refused(isolated, limited, Attempt.SHARE_NETWORK, os.readlink("/proc/self/ns/net"))  # noqa: PTH115  # no path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities")
def test_a_child_of_root_has_no_capabilities(isolated: Sandbox, limited: Sandbox) -> None:
    check_refused(isolated, limited, Attempt.USE_CAPABILITIES)


def test_no_process_can_be_started(isolated: Sandbox, limited: Sandbox) -> None:
    check_refused(isolated, limited, Attempt.FORK, reason="Operation not permitted")


def test_no_program_can_be_executed(isolated: Sandbox, limited: Sandbox) -> None:
    check_refused(isolated, limited, Attempt.EXECUTE, sys.executable, reason=KILLED)


@pytest.mark.parametrize("what", [Attempt.OPEN_MANY_FILES, Attempt.MAP_SHARED_MEMORY, Attempt.GAIN_PRIVILEGES])
def test_limits_and_privileges_are_final(isolated: Sandbox, limited: Sandbox, what: Attempt) -> None:
    check_refused(isolated, limited, what)


def test_secrets_of_other_programs_stay_with_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an allow-list: a list of secrets' names would never be complete."""
    for name in (*VARIABLES, "WANTED", "LC_ALL"):
        monkeypatch.setenv(name, "C")
    with a_sandbox(surroundings=Surroundings(isolation=None, variables=["WANTED"])) as sandbox:
        for name in VARIABLES:
            assert sandbox.attempt(Attempt.READ_VARIABLE, on=name)
        for name in ("WANTED", "LC_ALL"):
            assert sandbox.attempt(Attempt.READ_VARIABLE, on=name) == ""


def test_a_path_that_an_engine_needs_can_be_granted(data: Path) -> None:
    (data / "models").mkdir()
    (data / "models" / "weights").write_text("1 2 3")
    granted = Surroundings(isolation=Isolation(paths=[data / "models", data / "missing"]))
    with a_sandbox(surroundings=granted) as sandbox:
        assert sandbox.attempt(Attempt.READ_FILE, on=str(data / "models" / "weights")) == ""
        assert sandbox.attempt(Attempt.WRITE_FILE, on=str(data / "models" / "weights"))
        assert sandbox.attempt(Attempt.READ_FILE, on=str(data / "secret"))


def test_an_applications_other_files_beside_its_engine_cannot_be_read(isolated: Sandbox, limited: Sandbox) -> None:
    """The import path of an application may hold its settings: this folder isn't granted because it is on the path."""
    assert str(TESTS) in sys.path
    check_refused(isolated, limited, Attempt.READ_FILE, __file__)


@pytest.mark.parametrize("runtime", [RuntimeName.NCNN, RuntimeName.OPENVINO])
def test_a_network_loads_its_weights_and_starts_threads_in_isolation(runtime: RuntimeName) -> None:
    """Both for the first picture, after the child has been isolated."""
    pytest.importorskip("ncnn", reason="the extra `neural` isn't installed")
    if runtime is RuntimeName.OPENVINO and find_spec("openvino") is None:
        pytest.skip("the extra `openvino` isn't installed")
    means = EngineResources(cores=2, memory_bytes=256 * 1024**2, classical=classical_engine)
    with a_sandbox(partial(open_engine, means=means, options=NeuralOptions(runtime=runtime))) as sandbox:
        larger = Dimensions(width_px=96, height_px=72)
        original = io.BytesIO(a_photo(Dimensions(width_px=48, height_px=36)))
        assert sandbox.engine.upscaler.enhance(original, size=larger).dimensions == larger
        assert sandbox.lacking() == {}


LAYERS_ALONE: Final = """
import json, os, subprocess, sys
from pathlib import Path
from spike_sandbox.attack_attempts import make_attempt
from spike_sandbox.landlock import confine_to_reading
from spike_sandbox.limits import seal_limits
from spike_sandbox.privileges import drop_capabilities, enter_namespaces, hide_process, refuse_new_privileges
from spike_sandbox.seccomp import filter_calls
from spike_sandbox.syscalls import architecture, policy_of_child

def landlock():
    refuse_new_privileges()
    confine_to_reading([])

def seccomp():
    refuse_new_privileges()
    filter_calls(policy_of_child(), architecture())

limits = lambda: seal_limits(memory_bytes=2**28, mapped_bytes=2**30, cpu_s=9, has_user_namespace=True)
secret, port = sys.argv[1:3]
CASES = [
    ("namespaces", enter_namespaces, "connect", port),
    ("Landlock", landlock, "read file", secret),
    ("Landlock, writing", landlock, "write file", secret),
    ("seccomp", seccomp, "fork", ""),
    ("seccomp, writing", seccomp, "write file", secret),
    ("seccomp, sockets", seccomp, "connect", port),
    ("limits", limits, "open many files", ""),
    ("limits, writing", limits, "write file", secret),
    ("limits, memory", limits, "map shared memory", ""),
    ("no new privileges", refuse_new_privileges, "gain privileges", ""),
    ("no capabilities", drop_capabilities, "use capabilities", ""),
]
for name, put_on, what, on in CASES:
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        before = make_attempt(what, on)
        put_on()
        os.write(theirs, json.dumps([name, before, make_attempt(what, on)]).encode())
        os._exit(0)
    os.close(theirs)
    print(os.read(ours, 9999).decode(), flush=True)
    os.waitpid(pid, 0)

def read_by_another_process():
    code = "import os; from spike_sandbox.attack_attempts import make_attempt as attempt; "
    code += "print(attempt('read file', f'/proc/{os.getppid()}/environ'))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

refuse_new_privileges()  # which root would get back by executing a program
drop_capabilities()
before = read_by_another_process()
hide_process()
print(json.dumps(["hidden parent", before, read_by_another_process()]))
"""


def test_each_layer_prevents_its_attempt_without_the_others(data: Path, port: str) -> None:
    said = _run([sys.executable, "-c", LAYERS_ALONE, str(data / "secret"), port])
    results = [json.loads(line) for line in said.splitlines()]
    assert len(results) == 12
    for layer, before, after in results:
        if layer == "no capabilities" and os.geteuid() != 0:
            continue  # there were none before
        assert before == "", f"the attempt fails without {layer}"
        assert after, f"{layer} prevents nothing"


USED: Final = """
import io, json, os, sys, tempfile
sys.path.insert(0, {tests!r})
from pictures import a_photo
from sandboxes import a_sandbox
from spike_core.domain.dimensions import Dimensions
from spike_pillow import classical_engine
from spike_sandbox import Attempt, hide_process
from spike_sandbox.privileges import refuse_new_privileges
from spike_sandbox.seccomp import Architecture, Policy, Verdict, filter_calls
from spike_sandbox.syscalls import architecture

{before}
size = Dimensions(width_px=64, height_px=48)
with a_sandbox(classical_engine) as sandbox, tempfile.TemporaryFile() as file:
    file.write(a_photo(size) + bytes(2_000_000))  # so large that it is read through its descriptor
    file.seek(0)
    assert sandbox.engine.probe.identify(file).dimensions == size
    assert sandbox.engine.upscaler.enhance(io.BytesIO(a_photo(size)), size=size).dimensions == size
    print(json.dumps([sandbox.lacking(), sandbox.attempt(Attempt.READ_FILE, on=f"/proc/{{os.getpid()}}/environ")]))
"""
OLD_KERNEL: Final = """
refuse_new_privileges()
numbers = {"landlock": 444, **architecture().numbers}
refused = Policy(refused=["landlock", "unshare", "seccomp"], otherwise=Verdict.ALLOW)
filter_calls(refused, Architecture(audit=architecture().audit, numbers=numbers))
hide_process()
"""


def test_what_a_kernel_or_container_refuses_is_left_out_and_named() -> None:
    """As in a container of an old runtime. The parent is hidden all the same."""
    lacking, environment = json.loads(_used(before=OLD_KERNEL))
    assert lacking.keys() == {"namespaces", "Landlock", "seccomp"}
    assert all("Operation not permitted" in reason for reason in lacking.values())
    assert "Permission denied" in environment


def test_a_user_who_is_not_root_has_isolated_children_too() -> None:
    other_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; all other tests here are such a user's then")
    if shutil.which("setpriv") is None:
        do_without("setpriv isn't installed")
    if subprocess.run([*other_user, "test", "-x", Path(sys.executable).resolve()], check=False).returncode:
        pytest.skip("this interpreter can't be executed by other users: it lies in a folder that they can't enter")
    lacking, environment = json.loads(_used(other_user, before="hide_process()"))
    assert lacking == {}
    assert "Permission denied" in environment


def _used(command: Sequence[str] = (), *, before: str) -> str:
    """Use a sandbox in another process, after it has executed a preparation."""
    return _run([*command, sys.executable, "-c", USED.format(tests=str(TESTS), before=before)])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


def _ptrace_is_restricted() -> bool:
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    return scope.exists() and scope.read_text().strip() != "0"
