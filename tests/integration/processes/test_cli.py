"""The `spike` command: its output, on which scripts depend, and its exit codes."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from documents import PROJECT
from event_oracle import Everything
from running import run_spike
from spike_cli.main import spike
from spike_core.domain.accounts import Email
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import Reference
from spike_core.domain.tokens import Tokens
from spike_runtime import Settings, build

pytestmark = pytest.mark.usefixtures("logging_as_it_was")  # which commands in this process configure

RULES = ("--scope", "read", "--scope", "spend", "--expires", "2100-01-01", "--monthly-limit", "50")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def test_a_user_is_created_with_tokens(folder: Path) -> None:
    created = run_spike("users", "create", "Ada@Example.org", "--tokens", "7", "--json", folder=folder)
    facts = json.loads(created.stdout)
    assert created.returncode == 0
    assert facts.keys() == {"userId", "sessionToken", "apiKey", "balance"}
    assert re.fullmatch(r"user_[a-z0-9]{24}", facts["userId"])
    assert facts["apiKey"].startswith("sk_live_")
    assert facts["balance"] == 7


def test_a_user_without_a_word_about_tokens_gets_the_opening_grant(folder: Path) -> None:
    created = run_spike("users", "create", "ada@example.org", folder=folder, SPIKE_OPENING_GRANT="42")
    assert re.search(r"^balance +42$", created.stdout, re.MULTILINE)


def test_a_second_user_of_the_same_address_is_refused(folder: Path) -> None:
    run_spike("users", "create", "ada@example.org", folder=folder)
    again = run_spike("users", "create", "ADA@example.org", folder=folder)
    assert (again.returncode, again.stderr) == (1, "spike: A user with this e-mail address already exists.\n")


def test_tokens_are_granted(folder: Path) -> None:
    run_spike("users", "create", "ada@example.org", "--tokens", "1", folder=folder)
    granted = run_spike("tokens", "grant", "ada@example.org", "250", folder=folder)
    assert (granted.returncode, granted.stdout) == (0, "ada@example.org has 251 tokens now\n")
    assert run_spike("audit", folder=folder).returncode == 0


def test_a_ledger_is_shown_with_its_references(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a user by their address, and of an owner that an app keeps itself by their id."""
    monkeypatch.setenv("SPIKE_DATA_DIR", str(folder))
    services = build(Settings(data_dir=folder))
    services.database.migrate()
    services.accounts.registration.register(Email("ada@example.org"), tokens=Tokens(7))
    services.wallets.open(OwnerId("🦊@shop"), tokens=Tokens(0))
    services.wallets.credit(OwnerId("🦊@shop"), Tokens(50), reference=Reference("pi_1"))
    services.wallets.debit(OwnerId("🦊@shop"), Tokens(20), reference=Reference("re_1"))
    services.close()

    def run(*command: str) -> Result:
        return CliRunner().invoke(spike, ["tokens", "history", *command])

    page = PROJECT / "docs/reference/cli.md"
    [documented] = re.findall(r"JSON object: (`ownerId`.+) may be null", page.read_text(encoding="utf-8"))
    shown = json.loads(run("🦊@shop", "--json").stdout)
    assert (shown["ownerId"], shown["balance"]) == ("🦊@shop", 30)
    fields = {*re.findall(r"`(\w+)`", documented)}
    assert {*shown, *shown["entries"][0]} == fields
    assert [(entry["type"], entry["amount"], entry["reference"]) for entry in shown["entries"]] == [
        ("SPEND_ADJUSTMENT", -20, "re_1"),
        ("EARN_PURCHASE", 50, "pi_1"),
    ]
    assert re.search(
        r"^ +1 .* EARN_PURCHASE +\+50 +leaves 50 +pi_1", run("🦊@shop", "--before", "2").stdout, re.MULTILINE
    )
    assert run("ada@example.org").stdout.startswith("user_")
    assert run("stranger").exit_code == 1
    assert run("a b").exit_code == 1
    assert CliRunner().invoke(spike, ["audit"]).exit_code == 0


def test_an_owner_of_an_app_is_granted_tokens_shown_and_limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an id that is no address, and by one that looks like an address."""
    monkeypatch.setenv("SPIKE_DATA_DIR", str(folder))
    with build(Settings(data_dir=folder)) as services:
        services.database.migrate()
        for owner in ("42", "🦊@shop"):
            services.wallets.open(OwnerId(owner), tokens=Tokens(1))

    def run(*command: str) -> Result:
        return CliRunner().invoke(spike, command)

    for owner in ("42", "🦊@shop"):
        assert run("tokens", "grant", owner, "5").stdout == f"{owner} has 6 tokens now\n"
        assert run("users", "limits", owner, "--images", "9").exit_code == 0
        shown = json.loads(run("users", "show", owner, "--json").stdout)
        assert (shown["userId"], shown["balance"], shown["images"]["limit"]) == (owner, 6, 9)
    for command in ("tokens grant 43 5", "users show 43", "users limits 43 --images 9"):
        assert run(*command.split()).exit_code == 1, command
    assert run("audit").exit_code == 0


def test_usage_is_shown_and_limits_are_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, since many commands are run."""
    monkeypatch.setenv("SPIKE_DATA_DIR", str(folder))

    def run(*command: str) -> Result:
        return CliRunner().invoke(spike, ["users", *command])

    def limits() -> dict[str, int]:
        shown = json.loads(run("show", "ada@example.org", "--json").stdout)
        assert (shown["balance"], shown["parkedTokens"], shown["sessions"]["used"]) == (7, 0, 1)
        return {name: amount["limit"] for name, amount in shown.items() if isinstance(amount, dict)}

    assert run("create", "ada@example.org", "--tokens", "7").exit_code == 0
    defaults = limits()
    assert (defaults["freeJobs"], defaults["paidJobs"], defaults["storedBytes"]) == (100, 2000, 20_000_000_000)
    assert run("limits", "ada@example.org", "--free-jobs", "0", "--storage-mb", "5").exit_code == 0
    assert run("limits", "ada@example.org", "--images", "9").exit_code == 0
    assert limits() == {**defaults, "freeJobs": 0, "storedBytes": 5_000_000, "images": 9}
    assert re.search(r"^images +0 of 9$", run("show", "ada@example.org").stdout, re.MULTILINE)
    assert run("limits", "ada@example.org", "--free-jobs", "default", "--images", "default").exit_code == 0
    assert limits() == {**defaults, "storedBytes": 5_000_000}
    for wrong in ([], ["--images", "-1"], ["--images", "many"], ["--images", "9999999999"]):
        assert run("limits", "ada@example.org", *wrong).exit_code == 2
    assert run("limits", "unknown@example.org", "--images", "1").exit_code == 1


def test_a_grant_to_nobody_fails(folder: Path) -> None:
    assert run_spike("tokens", "grant", "unknown@example.org", "1", folder=folder).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("tokens", "grant", "ada@example.org", "-1"),
        ("tokens", "grant", "ada@example.org", "1.5"),
        ("tokens", "grant", "ada@example.org", "9" * 30),
        ("users", "create", "not an address"),
        ("users", "create"),
        ("keys", "create", "ada@example.org"),
        ("keys", "create", "ada@example.org", " "),
        ("keys", "create", "ada@example.org", "ci", "--scope", "write"),
        ("keys", "create", "ada@example.org", "ci", "--expires", "soon"),
        ("keys", "create", "ada@example.org", "ci", "--expires", "2100-01-01T00:00:00"),
        ("keys", "create", "ada@example.org", "a" * 101),
        ("keys", "list", "not an address"),
        ("keys", "revoke", "ada@example.org", "ci"),
        ("serve", "--port", "99999"),
        ("dance",),
    ],
)
def test_wrong_usage_is_told_apart_from_failure(folder: Path, arguments: tuple[str, ...]) -> None:
    assert run_spike(*arguments, folder=folder).returncode == 2


def test_a_key_is_created_listed_and_revoked(folder: Path) -> None:
    run_spike("users", "create", "ada@example.org", folder=folder)
    created = run_spike("keys", "create", "ADA@example.org", "build server", *RULES, "--json", folder=folder)
    new = json.loads(created.stdout)
    rules = {"scopes": ["read", "spend"], "expiresAt": "2100-01-01T00:00:00Z", "monthlyLimit": 50}
    assert new.keys() == {"id", "name", "keyPrefix", "createdAt", "key", *rules}
    assert {name: new[name] for name in rules} == rules
    assert new["key"].startswith(new["keyPrefix"])

    listed = json.loads(run_spike("keys", "list", "ada@example.org", "--json", folder=folder).stdout)["apiKeys"]
    expected = {name: new[name] for name in ("id", "name", "keyPrefix", "createdAt")}
    assert {**expected, "revokedAt": None, "isActive": True, **rules, "spentThisMonth": 0} in listed
    assert len(listed) == 2

    for _ in range(2):
        revoked = run_spike("keys", "revoke", "ada@example.org", new["id"], folder=folder)
        assert (revoked.returncode, revoked.stdout) == (0, f"{new['id']} (build server) is revoked\n")
    lines = run_spike("keys", "list", "ada@example.org", folder=folder).stdout
    assert re.search(
        rf"^{new['id']}  .+  build server  \(revoked .+Z; scopes read, spend; expires .+\)$",
        lines,
        re.MULTILINE,
    )
    assert re.search(r"  first  \(active\)$", lines, re.MULTILINE)
    assert new["key"] not in lines


def test_a_user_is_signed_out_everywhere(folder: Path) -> None:
    run_spike("users", "create", "ada@example.org", folder=folder)
    run_spike("users", "link", "ada@example.org", folder=folder)
    listed = json.loads(run_spike("users", "sessions", "ada@example.org", "--json", folder=folder).stdout)["sessions"]
    assert [each.keys() for each in listed] == [{"createdAt", "lastUsedAt", "expiresAt"}] * 2
    assert run_spike("users", "sessions", "ada@example.org", folder=folder).stdout.count("last used") == 2
    out = run_spike("users", "sign-out", "Ada@example.org", folder=folder)
    assert (out.returncode, out.stdout) == (0, "ada@example.org is signed out everywhere: 2 sessions ended\n")
    assert run_spike("users", "sessions", "ada@example.org", folder=folder).stdout == ""
    assert run_spike("users", "sign-out", "unknown@example.org", folder=folder).returncode == 1


def test_a_key_is_printed_for_people_too(folder: Path) -> None:
    run_spike("users", "create", "ada@example.org", folder=folder)
    created = run_spike("keys", "create", "ada@example.org", "ci", folder=folder)
    assert re.search(r"^name +ci$", created.stdout, re.MULTILINE)
    assert re.search(r"^key +sk_live_", created.stdout, re.MULTILINE)


def test_keys_of_nobody_and_of_others_are_failures(folder: Path) -> None:
    run_spike("users", "create", "ada@example.org", folder=folder)
    run_spike("users", "create", "eve@example.org", folder=folder)
    key = json.loads(run_spike("keys", "create", "ada@example.org", "ci", "--json", folder=folder).stdout)
    for arguments, sentence in (
        (("create", "unknown@example.org", "ci"), "No user has this id or address."),
        (("list", "unknown@example.org"), "No user has this id or address."),
        (("revoke", "eve@example.org", key["id"]), "No API key has this id, or it belongs to another user."),
    ):
        answer = run_spike("keys", *arguments, folder=folder)
        assert (answer.returncode, answer.stdout, answer.stderr) == (1, "", f"spike: {sentence}\n")


def test_migrating_twice_is_no_harm(folder: Path) -> None:
    for _ in range(2):
        migrated = run_spike("migrate", folder=folder)
        assert (migrated.returncode, migrated.stdout) == (0, "the database is up to date\n")


def test_an_audit_names_what_is_wrong(folder: Path) -> None:
    user = json.loads(run_spike("users", "create", "ada@example.org", "--json", folder=folder).stdout)
    with sqlite3.connect(folder / "spike.db") as database:
        database.execute("UPDATE wallets SET balance = balance + 1")
    database.close()
    audit = run_spike("audit", "--deep", folder=folder)
    assert audit.returncode == 1
    assert audit.stdout == (
        f"I1  {user['userId']}  the balance is 101, the ledger explains 100\n"
        "0 objects were compared with their SHA-256\n"
        "0 objects couldn't be compared: an older release stored no SHA-256 of them\n"
    )
    as_json = json.loads(run_spike("audit", "--json", "--deep", folder=folder).stdout)
    assert as_json["ok"] is False
    assert [(finding["invariant"], finding["check"]) for finding in as_json["findings"]] == [("I1", "balance")]
    assert (as_json["compared"], as_json["uncompared"]) == (0, 0)


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    answer = run_spike("migrate", folder=tmp_path / "file")
    assert answer.returncode == 1
    assert answer.stderr.startswith("spike: SPIKE_DATA_DIR: ")


def test_help_names_every_command(folder: Path) -> None:
    text = run_spike("--help", folder=folder).stdout
    for command in ("serve", "users", "tokens", "keys", "migrate", "audit"):
        assert re.search(rf"^  {command}\b", text, re.MULTILINE)
    assert run_spike("--version", folder=folder).stdout.startswith("spike, version 0.")


def test_subscribers_are_listed_retried_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events of a process that has ended, which this command's process doesn't know as its own."""
    monkeypatch.setenv("SPIKE_DATA_DIR", str(tmp_path))
    built = build(Settings(data_dir=tmp_path), subscribers=[Everything()])
    built.database.migrate()
    built.events.register()
    built.accounts.registration.register(Email("ada@example.org"))
    built.close()

    def ran(*arguments: str) -> str:
        result = CliRunner().invoke(spike, ["events", *arguments], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert re.fullmatch(r"everything  1 waiting, the oldest for \d+ s; 0 set aside\n", ran("list"))
    [listed] = json.loads(ran("list", "--json"))
    assert (listed["subscriber"], listed["waiting"], listed["setAside"]) == ("everything", 1, 0)
    assert ran("retry", "everything") == "0 events will be handed to everything again\n"
    assert ran("remove", "everything") == "everything is forgotten; 1 events of it were deleted\n"
    assert ran("list") == "there is no subscriber\n"
    assert CliRunner().invoke(spike, ["events", "remove", "No Name"]).exit_code == 2
