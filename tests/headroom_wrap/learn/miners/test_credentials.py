"""What somebody has to know is not taught, however well it worked."""

from __future__ import annotations

from dataclasses import replace

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
    ("relay push", "-s 'geheim!4x'", "failed"),
    ("relay push", "-sgeheim@4", "failed"),
]


@pytest.mark.parametrize(("command", "option", "output"), DENIED)
def test_a_password_that_worked_is_no_rule(command: str, option: str, output: str) -> None:
    program, _, rest = command.partition(" ")
    for worked in (f"{command} {option}", f"{program} {option} {rest}"):
        uses = (ran(command, output, 1), ran(worked, "ok"))
        assert not [text for text in rules(*uses) if option.split(maxsplit=1)[0] in text]
        assert not [one for one in observed(*uses) if "geheim" in str(one.slots) or "unter2" in str(one.slots)], "nor is it kept"


WAYS = [
    ("docker login box", "echo hunter2 | docker login box --password-stdin"),
    ("sudo -n make", "echo hunter2 | sudo -S make"),
    ("psql shop", "PGPASSWORD=hunter2 psql shop"),
    ("psql shop", "psql postgres://ada:hunter2@localhost/shop"),
    ("psql -h box shop", "psql 'host=box password=hunter2 dbname=shop'"),
    ("kinit ada", "kinit ada <<< hunter2"),
    ("ssh box ls", "sshpass -phunter2 ssh box ls"),
    ("ssh box ls", "sshpass -p hunter2 ssh box ls"),
    ("gh api x", "GH_PAT=hunter2 gh api x"),
    ("npm publish", "npm publish --otp hunter2"),
    ("npm publish", "npm publish --otp=hunter2"),
    ("curl -s box/x", "curl -s -H 'X-Token: hunter2' box/x"),
    ("http box", "http box X-Api-Key:hunter2"),
    ("http box", "http -a ada:hunter2 box"),
    ("wget box/x", "wget --http-password=hunter2 box/x"),
    ("wget box/x", "wget --header='Cookie: sid=hunter2' box/x"),
    ("svn up", "svn up --username ada --password hunter2"),
    ("git push box", "git push https://ada:hunter2@box.test/x"),
    ("mvn deploy", "mvn deploy -Dpassword=hunter2"),
    ("mvn deploy", "mvn deploy -Drepo.pw=hunter2"),
    ("gradle publish", "gradle publish -PsigningKey=hunter2"),
    ("java -jar a.jar", "java -Djavax.net.ssl.keyStorePassword=hunter2 -jar a.jar"),
    ("aws s3 ls", "AWS_SECRET_ACCESS_KEY=hunter2 aws s3 ls"),
    ("ansible-playbook a.yml", "ansible-playbook a.yml -e ansible_become_pass=hunter2"),
    ("ansible-playbook a.yml", "ansible-playbook a.yml -e 'db_pass=hunter2'"),
    ("terraform plan", "terraform plan -var 'db_password=hunter2'"),
    ("terraform plan", "terraform plan -var=db_password=hunter2"),
    ("helm upgrade a b", "helm upgrade a b --set auth.password=hunter2"),
    ("kubectl get po", "kubectl get po --token hunter2"),
    ("openssl enc -d -in a", "openssl enc -d -in a -k hunter2"),
    ("openssl pkcs12 -in a", "openssl pkcs12 -in a -password pass:hunter2"),
    ("zip a b", "zip -P hunter2 a b"),
    ("zip -r a b", "zip -rP hunter2 a b"),
    ("unzip a", "unzip -qP hunter2 a"),
    ("unzip a", "unzip -qPhunter2 a"),
    ("qpdf a b", "qpdf --decrypt --password=hunter2 a b"),
    ("pdftotext a", "pdftotext -upw hunter2 a"),
    ("borg list", "BORG_PASSPHRASE=hunter2 borg list"),
    ("restic ls", "RESTIC_PASSWORD=hunter2 restic ls"),
    ("vault read x", "vault login hunter2"),
    ("vault read x", "vault read -token=hunter2 x"),
    ("redis-cli -h box ping", "redis-cli -h box --user ada --pass hunter2 ping"),
    ("redis-cli ping", "redis-cli -u redis://:hunter2@box ping"),
    ("mongosh shop", "mongosh -u ada -phunter2 shop"),
    ("mongosh shop", "mongosh mongodb://ada:hunter2@box/shop"),
    ("sqlcmd -Q x", "sqlcmd -U sa -Phunter2 -Q x"),
    ("sqlcmd -Q x", "sqlcmd -P hunter2 -Q x"),
    ("sqlplus shop", "sqlplus ada/hunter2@shop"),
    ("rclone ls x", "rclone ls x --sftp-pass hunter2"),
    ("lftp box", "lftp -u ada,hunter2 box"),
    ("smbclient //b/x", "smbclient //b/x hunter2 -U ada"),
    ("smbclient //b/x", "smbclient //b/x -Uada%hunter2"),
    ("keytool -list", "keytool -list -storepass hunter2"),
    ("signtool x", "signtool x /p hunter2"),
    ("pg_dump shop", "pg_dump --dbname=postgresql://ada:hunter2@box/shop"),
    ("clickhouse-client -q x", "clickhouse-client --password hunter2 -q x"),
    ("influx q", "influx -t hunter2 q"),
    ("influx q", "influx q -t hunter2"),
    ("relay push", "relay push -s hunter2"),
    ("relay push", "relay -x hunter2 push"),
    ("relay push", "relay push --key hunter2"),
    ("relay push", "relay push --access hunter2"),
    ("relay push", "relay push --secretId hunter2"),
    ("relay push", "RELAY=hunter2 relay push"),
    ("relay push", "relay push -K hunter2"),
    ("composer install", "composer install --auth=hunter2"),
    ("pip install x", "pip install x --index-url https://ada:hunter2@box.test/simple"),
    ("xfreerdp /v:box", "xfreerdp /v:box /p:hunter2"),
    ("ipmitool sel", "ipmitool -P hunter2 sel"),
    ("ldapsearch -x", "ldapsearch -x -w hunter2"),
    ("ldapsearch -x", "ldapsearch -xw hunter2"),
    ("mysql shop", "mysql -uroot -phunter2 shop"),
    ("mysql -uroot shop", "mysql -uroot --password=hunter2 shop"),
    ("mysql shop", "MYSQL_PWD=hunter2 mysql shop"),
    ("7z x a", "7z x -phunter2 a"),
    ("cryptsetup open a", "echo -n hunter2 | cryptsetup open a"),
    ("flyway migrate", "flyway -password=hunter2 migrate"),
    ("liquibase update", "liquibase --password=hunter2 update"),
    ("pytest", "pytest --pw hunter2"),
    ("rails db", "SECRET_KEY_BASE=hunter2 rails db"),
    ("make deploy", "make deploy PASS=hunter2"),
    ("make deploy", "make deploy -e DB_PW=hunter2"),
    ("docker run app", "docker run -e DB_PW=hunter2 app"),
    ("docker run app", "docker run -e API=hunter2 app"),
    ("act", "act -s TOKEN=hunter2"),
    ("gpg -d a", "gpg --batch --passphrase-fd 0 -d a <<< hunter2"),
    ("htpasswd f ada", "htpasswd -b f ada hunter2"),
    ("age -d a", "AGE=hunter2 age -d a"),
    ("ssh-keygen -y -f a", "ssh-keygen -y -P hunter2 -f a"),
    ("ssh-keygen -y -f a", "ssh-keygen -y -f a -P hunter2"),
    ("security unlock-keychain", "security unlock-keychain -p hunter2"),
    ("mosquitto_sub -t a", "mosquitto_sub -t a -P hunter2"),
    ("nmcli up a", "nmcli up a password hunter2"),
    ("rar x a", "rar x -hphunter2 a"),
    ("bw get x", "bw get x --session hunter2"),
    ("op read x", "op read x --session=hunter2"),
    ("snmpwalk box", "snmpwalk -c hunter2 box"),
]


@pytest.mark.parametrize(("failed", "worked"), WAYS)
def test_whatever_way_it_is_given(failed: str, worked: str) -> None:
    for output in ("", "Enter password:"):
        for use in (ran(failed, output, 1), replace(ran(failed, output, 1), timed_out=True)):
            assert not [text for text in rules(use, ran(worked, "ok\n3 passed")) if "hunter2" in text], output


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
    for unit in ("status ", "log in ", "invalid ", "HTTP/", "auth", "a" * 40, "a1!", "a ", "1@"):
        (step,) = Trail(session("s", ran("x", unit * (1_000_000 // len(unit)), 1))).steps
        credentials.asked_for(step)
        credentials.may_be((unit * 100,))
