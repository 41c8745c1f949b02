"""What somebody has to know is not taught, however well it worked."""

from __future__ import annotations

import pytest

from headroom_wrap.learn.evidence import findings
from headroom_wrap.learn.findings import Observation
from headroom_wrap.learn.miners import credentials, mine
from headroom_wrap.learn.miners.trail import Trail
from headroom_wrap.learn.model import Session, ToolUse
from headroom_wrap.learn.rules import rule_of
from pipeline.command import shows


def ran(command: str, result: str = "", status: int = 0) -> ToolUse:
    return ToolUse(command, "Bash", shows(command).kind, command=command, cwd="/p", result=result, failed=status != 0, exit_status=status)


def session(name: str, *uses: ToolUse) -> Session:
    return Session("claude", name, "/p", 1.0, 2.0, uses)


def observed(*uses: ToolUse) -> tuple[Observation, ...]:
    return mine(session("s", *uses)).observations


def rules(*uses: ToolUse) -> list[str]:
    """What is told after two sessions."""
    found = findings([mine(session(name, *uses)) for name in ("a", "b")], 3.0, "/p")
    return [rule.text for one in found if (rule := rule_of(one)) is not None]


DENIED = [
    ("mysql -u root shop", "-pgeheim", "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: NO)"),
    ("mysql -u root shop", "-pHunter22", "ERROR"),
    ("docker compose exec -T db mysql -u root shop", "-pgeheim", "exited"),
    ("redis-cli ping", "-a hunter2", "(error) NOAUTH Authentication required."),
    ("redis-cli ping", "-a geheim", "failed"),
    ("gpg --batch -d a.gpg", "--passphrase geheim", "gpg: decryption failed: No secret key"),
    ("gpg --batch -d a.gpg", "--passphrase geheim", "gpg: public key decryption failed: Inappropriate ioctl for device"),
    ("7z x a.7z", "-pgeheim", "ERROR: Data Error in encrypted file. Wrong password? : a"),
    ("unzip a.zip", "-P geheim", "skipping: a.txt  unable to get it"),
    ("ldapsearch -x -b dc=test", "-w geheim", "ldap_bind: Server is unwilling to perform (53)"),
    ("openssl rsa -in a.pem", "-passin pass:geheim", "unable to load it"),
    ("http GET box.test", "-a ada:geheim", "HTTP/1.1 401 Unauthorized"),
    ("httpie GET box.test", "-H 'Authorization: geheim'", "failed"),
    ("vault-cli list", "-q geheim", "Error: permission denied for this token. Please log in."),
    ("relay push", "--token=geheim", "failed"),
    ("relay push", "-z geheim", "Error: 403 Forbidden"),
    ("relay push", "-w geheim", "failed"),
    ("relay push", "-pgeheim", "failed"),
]


@pytest.mark.parametrize(("command", "option", "output"), DENIED)
def test_a_password_that_worked_is_no_rule(command: str, option: str, output: str) -> None:
    program, _, rest = command.partition(" ")
    for worked in (f"{command} {option}", f"{program} {option} {rest}"):
        uses = (ran(command, output, 1), ran(worked, "ok"))
        assert not [text for text in rules(*uses) if option.split(maxsplit=1)[0] in text]
        assert not [one for one in observed(*uses) if "geheim" in str(one.slots) or "unter2" in str(one.slots)], "nor is it kept"


def test_nor_one_in_the_place_of_another() -> None:
    assert rules(ran("mysql -u root -pwrong shop", "ERROR: wrong does not exist", 1), ran("mysql -u root -pgeheim shop", "ok")) == []
    assert rules(ran("relay -z wrong push", "unknown credentials: wrong not found", 1), ran("relay -z geheim push", "ok")) == []


def test_another_option_is_taught_still() -> None:
    assert rules(ran("kubectl get pods", "the server has none", 1), ran("kubectl get pods -n shop", "ok")) == ["`kubectl get pods` needs `-n shop`."]


def test_a_variable_that_is_asked_for_is_told_by_its_name() -> None:
    denied = "Error: no valid credentials found"
    assert rules(ran("deploy push", denied, 1), ran("SHOP_ENTRY=geheim deploy push", "ok")) == [
        "`deploy push` needs `SHOP_ENTRY` in its environment."
    ]
    assert rules(ran("deploy push", denied, 1), ran("DB_PW=geheim deploy push", "ok")) == []
    assert rules(ran("deploy push", denied, 1), ran("AWS_PROFILE=shop deploy push", "ok")) == [
        "`deploy push` needs `AWS_PROFILE=shop` in its environment."
    ]


@pytest.mark.parametrize(
    "output",
    [
        "FAILED tests/test_password.py::test_password_reset - assert 3 == 4",
        "unexpected token in line 3",
        "src/auth/authentication.py:3: error",
        "1401 rows",
    ],
)
def test_who_talks_of_passwords_asks_for_none(output: str) -> None:
    (step,) = Trail(session("s", ran("x", output, 1))).steps
    assert not credentials.asked_for(step)


def test_hostile_outputs_take_no_time() -> None:
    for unit in ("status ", "log in ", "invalid ", "HTTP/", "auth", "a" * 40):
        (step,) = Trail(session("s", ran("x", unit * (1_000_000 // len(unit)), 1))).steps
        credentials.asked_for(step)
