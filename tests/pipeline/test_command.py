from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.command import Shown, pipelines, shows
from pipeline.shell import _lexed, _words, run
from pipeline.transcript import ToolKind
from tests.cpu import cpu_seconds


@pytest.mark.parametrize(
    ("command", "kind", "path"),
    [
        ("cat src/app.py", ToolKind.READ, "src/app.py"),
        ("cd /srv && cat app.py", ToolKind.READ, "app.py"),
        ("sudo -E cat /var/log/syslog", ToolKind.READ, "/var/log/syslog"),
        ("LC_ALL=C head -n 20 notes.md", ToolKind.READ, "notes.md"),
        ("sed -n '1,80p' lib/x.rb", ToolKind.READ, "lib/x.rb"),
        ("sed -i s/a/b/ x.txt", ToolKind.EDIT, ""),
        ("bash -lc \"rg -n 'retry'\"", ToolKind.SEARCH, ""),
        ("cat app.log | grep ERROR", ToolKind.SEARCH, "app.log"),
        ("git grep foo", ToolKind.SEARCH, ""),
        ("git log --stat -5", ToolKind.SHELL, ""),
        ("find . -name '*.py' | head", ToolKind.LIST, ""),
        ("curl -s https://x.example/y", ToolKind.FETCH, ""),
        ("make test 2>&1 | tail -50", ToolKind.SHELL, ""),
        ("pytest -q; git diff", ToolKind.SHELL, ""),
        ("cat a.py b.py", ToolKind.READ, ""),
        ("cat a.py && cat b.py", ToolKind.READ, ""),
        ("# Let's look\ncat a.py", ToolKind.READ, "a.py"),
        ("cat a.py # it's here", ToolKind.READ, "a.py"),
        ("# first\n\n  # then\nrg 'a # b' src; # last", ToolKind.SEARCH, ""),
        ("bash -lc '# look\ncat a.py'", ToolKind.READ, "a.py"),
        ("if [ -f a.py ]; then cat a.py; fi", ToolKind.READ, "a.py"),
        ("test -e a.py && sudo -u root cat a.py || exit 1", ToolKind.READ, "a.py"),
        ("if true\nthen\n  sudo cat a.py\nelse\n  pwd\nfi", ToolKind.READ, "a.py"),
        ('while read f; do cat "$f"; done < list', ToolKind.READ, "$f"),
        ("for f in *; do cat $f; done", ToolKind.READ, ""),
        ('for f in a.py; do cat "src/${f}"; done', ToolKind.READ, "src/a.py"),
        ("wc -l a.py && cat a.py", ToolKind.READ, "a.py"),
        ("pwd; cat a.py", ToolKind.READ, "a.py"),
        ("wc -l a.py", ToolKind.SHELL, ""),
        ("cat > /tmp/x <<'EOF'\nfrom a import b's\nEOF\ncat a.py", ToolKind.READ, "a.py"),
        ("cat > /tmp/x <<EOF && cat a.py\nmake\nEOF\n", ToolKind.READ, "a.py"),
        ("bash <<'EOF'\ncat a.py\nEOF", ToolKind.SHELL, ""),
        ("find . -name '*.py' -exec cat {} +", ToolKind.READ, ""),
        ("find . -name '*.py' | xargs -n 1 cat", ToolKind.READ, ""),
        ("find . -name '*.py' | xargs grep -n foo", ToolKind.SEARCH, ""),
        ("git ls-files | xargs -I% sed -i s/a/b/ %", ToolKind.EDIT, ""),
        ("find . -type f | xargs wc -l", ToolKind.LIST, ""),
        ("nice -n 10 timeout -s KILL 5 cat a.py", ToolKind.READ, "a.py"),
        ("git show HEAD:src/a.py", ToolKind.READ, ""),
        ("git show HEAD~2 -- a.py", ToolKind.SHELL, ""),
        ("bat -p -r 10:40 a.py", ToolKind.READ, "a.py"),
        ("head -c 4k a.py", ToolKind.READ, "a.py"),
        ("sed -n -e 5p -e 9p a.py", ToolKind.READ, "a.py"),
        ("make > out.txt 2>&1; tail -50 out.txt", ToolKind.SHELL, ""),
        ("make 2> out.txt; tail -50 out.txt", ToolKind.SHELL, ""),
        ("curl -so page.html https://docs.example/a && cat page.html", ToolKind.FETCH, ""),
        ("echo 'a: 1' > a.yaml; cat a.yaml", ToolKind.READ, "a.yaml"),
        ("timeout 20 python run.py", ToolKind.SHELL, ""),
        ("", ToolKind.SHELL, ""),
        ("'unclosed", ToolKind.SHELL, ""),
    ],
)
def test_what_is_shown(command: str, kind: ToolKind, path: str) -> None:
    shown = shows(command)
    assert (shown.kind, shown.path) == (kind, path)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("ls src; cat src/a.py; git log", ("src/a.py",)),
        ("cat a.log b.log; cat a.log", ("a.log", "b.log")),
        ('for f in logs/*.log etc/*.conf; do cat "$f"; done', ("logs/*.log", "etc/*.conf")),
        ("find src \\( -name '*.py' -o -name '*.pyi' \\) -exec cat {} \\;", ("src/*.py", "src/*.pyi")),
        ("rg -l foo | xargs -I{} head -20 sub/{}", ("{}",)),
        ("bash <<'EOF'\ncat a.py\nEOF", ("a.py",)),
        ("git show HEAD:src/a.py main:b.py", ("src/a.py", "b.py")),
        ("cat a.py | grep x", ()),
        ("cat a.py > b.py; ls", ()),
        ("make > out.txt; tail out.txt", ()),
        ("make 2> out.txt; tail out.txt", ("out.txt",)),
        ("cat <<EOF > a.py\ncat b.py\nEOF\nls", ()),
    ],
)
def test_files_shown_among_other_output(command: str, files: tuple[str, ...]) -> None:
    assert shows(command).files == files


def test_heredocs_of_whole_files_are_no_part_of_the_line() -> None:
    assert shows("cat > /tmp/x.py <<'EOF'\n" + "print(1)\n" * 5000 + "EOF\ncat a.py") == shows("cat a.py")


def test_ranges() -> None:
    assert shows("bat --line-range=101:440 x.py").ranged
    assert shows("bat --line-range 101:440 x.py").ranged
    assert not shows("bat --style plain x.py").ranged
    assert shows("sed -n 5,9p x.py").ranged
    assert shows("cat x.py | head -20").ranged
    assert not shows("cat x.py").ranged


def test_redirections_are_no_arguments() -> None:
    assert pipelines("pytest -q > out.txt 2>&1 < in.txt") == [[["pytest", "-q"]]]


SHELL_SOUP = st.lists(
    st.sampled_from(
        "# ' \" \\ \n << <<< EOF 'EOF' cat a.py | ; && > >> 2> $f for f in do done if [ ] then fi xargs -I find -exec {} bash -c".split(" ")
    ),
    max_size=20,
).map(" ".join)


@given(st.one_of(st.text(max_size=200), SHELL_SOUP))
def test_any_text(command: str) -> None:
    shown = shows(command)
    assert isinstance(shown.kind, ToolKind)
    assert not shown.path or shown.path in shown.files or shown.kind is ToolKind.SEARCH
    assert all(words and all(words) for words in pipelines(command))


@pytest.mark.parametrize("unit", ["# a\n", "<<A\n", "<<A ", "<<A\nA\n", "'", '"', '"\\', "\\", "#", "'#\n", "<<'", "a #' \n"])
def test_time_is_linear(unit: str) -> None:
    def seconds(size: int) -> float:
        return cpu_seconds(lambda: run(unit * (size // len(unit))), 3)

    assert seconds(80_000) < 12 * max(seconds(20_000), 0.01)


@settings(max_examples=500)
@given(st.text(st.sampled_from("ab '\"|&;<>()\n\t\r\x0b=-/#$`é"), max_size=30))
@example("a\"b c\"'d'")
@example("'' \"|\" a''")
@example("a 'b")
@example("\"'\"'\"'")
def test_the_fast_way_gives_the_words_that_shlex_gives(line: str) -> None:
    assert _words(line) == _lexed(line)


@pytest.mark.parametrize(
    ("command", "kind", "program"),
    [
        ("git -C /x grep foo", ToolKind.SEARCH, "git grep"),
        ("git -c color.ui=never -C a log", ToolKind.SHELL, "git log"),
        ("docker exec -it -u root app ls -l /srv", ToolKind.LIST, "ls"),
        ("docker compose exec web bash -lc 'rg x | head'", ToolKind.SEARCH, "rg"),
        ("sudo docker exec app grep x y", ToolKind.SEARCH, "grep"),
        ("kubectl -n prod exec web-1 -c app -- ls /", ToolKind.LIST, "ls"),
        ("ssh -p 22 me@host 'cd /var && ls -l'", ToolKind.LIST, "ls"),
        ("ssh host", ToolKind.SHELL, "ssh"),
        ("docker exec app", ToolKind.SHELL, "docker"),
        ("docker ps", ToolKind.SHELL, "docker"),
    ],
)
def test_what_runs_in_a_container_or_on_another_machine_is_seen(command: str, kind: ToolKind, program: str) -> None:
    shown = shows(command)
    assert (shown.kind, shown.program) == (kind, program)


@pytest.mark.parametrize("command", ["docker exec app cat /etc/x.conf", "ssh host 'cat /etc/x.conf'", "kubectl exec web -- sh -c 'cat /etc/x.conf'"])
def test_a_file_of_another_machine_is_none_of_this_one(command: str) -> None:
    assert shows(command) == Shown(ToolKind.READ, "cat", "", files=("/etc/x.conf",))
