from __future__ import annotations

import errno
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom_wrap.cli import models as command
from headroom_wrap.errors import UserError
from headroom_wrap.models import hub
from headroom_wrap.models.chosen import choose
from headroom_wrap.models.hub import Hub, Lfs, Listing, Sibling, Wanted, plan, pull
from headroom_wrap.models.shelf import Shelf, is_hub_id
from pipeline.compressors.kompress.checkpoint import Format
from tests.pipeline.compressors.kompress import checkpoints

ALL = list(Format)
COMMIT = "0123456789abcdef" * 2


class FakeHub:
    """A hub on this machine: repositories as name -> files."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.asked: list[tuple[str, str]] = []  # path, authorization
        self.lies: dict[str, str] = {}  # file -> its SHA-256, says the hub
        self.breaks_off: set[str] = set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append((self.path, self.headers.get("authorization", "")))
                status, body, length = fake.answer(self.path)
                self.send_response(status)
                if status == 302:
                    self.send_header("location", body.decode())
                    body = b""
                self.send_header("content-length", str(length if length is not None else len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> tuple[int, bytes, int | None]:
        parts = path.split("?", maxsplit=1)[0].strip("/").split("/")
        if parts[:2] == ["api", "models"] and parts[4] == "revision":
            files = self.files.get("/".join(parts[2:4]))
            if files is None or parts[5] not in ("main", "v1"):
                return 404, b"", None
            siblings = [
                {"rfilename": n, "size": len(d), "lfs": {"sha256": self.lies.get(n) or hashlib.sha256(d).hexdigest(), "size": len(d)}}
                for n, d in files.items()
            ]
            return 200, json.dumps({"sha": COMMIT, "siblings": siblings, "more": 1}).encode(), None
        if parts[2:4] == ["resolve", COMMIT]:
            return 302, f"{self.endpoint.replace('127.0.0.1', 'localhost')}/cdn/{'/'.join(parts[:2])}/{'/'.join(parts[4:])}".encode(), None
        if parts[0] == "cdn":
            name = "/".join(parts[3:])
            data = self.files["/".join(parts[1:3])][name]
            return (200, data[:5], len(data)) if name in self.breaks_off else (200, data, None)
        return 404, b"", None


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    made = FakeHub()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def tiny(fake: FakeHub, tmp_path: Path) -> FakeHub:
    folder = checkpoints.onnx(tmp_path / "tiny")
    fake.files["acme/tiny"] = {
        "onnx/kompress-fp32.onnx": (folder / "onnx/kompress-fp32.onnx").read_bytes(),
        "tokenizer.json": (folder / "tokenizer.json").read_bytes(),
        "README.md": b"a model",
    }
    return fake


def quiet(name: str, done: int, total: int) -> None:
    assert done <= total


def test_what_is_pulled_is_recorded_and_used(tiny: FakeHub, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shelf = Shelf(state)
    assert "headroom models pull acme/tiny" in choose("acme/tiny", state).why
    pulled = pull(Hub(tiny.endpoint), shelf, "acme/tiny", "main", ALL, progress=quiet)
    assert sorted(pulled.manifest.files) == ["onnx/kompress-fp32.onnx", "tokenizer.json"]
    assert pulled.name == f"acme/tiny@{COMMIT[:12]}"
    assert not pulled.damaged()
    assert [p.manifest for p in shelf] == [pulled.manifest]
    chosen = choose("acme/tiny", state)
    assert (chosen.name, chosen.why, chosen.folder) == (pulled.name, "", str(pulled.folder))
    assert chosen.checkpoint is not None
    (pulled.folder / "tokenizer.json").write_bytes(b"{}")
    assert pulled.damaged() == ["tokenizer.json"]


def test_what_is_there_is_not_fetched_again_unless_it_is_damaged(tiny: FakeHub, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "state")
    first = pull(Hub(tiny.endpoint), shelf, "acme/tiny", "main", ALL, progress=quiet)
    asked = len(tiny.asked)
    assert pull(Hub(tiny.endpoint), shelf, "acme/tiny", "main", ALL, progress=quiet) == first
    assert len(tiny.asked) == asked + 1
    (first.folder / "tokenizer.json").unlink()
    assert not pull(Hub(tiny.endpoint), shelf, "acme/tiny", "v1", ALL, progress=quiet).damaged()


def test_the_tokenizer_comes_from_elsewhere_where_the_model_brings_none(tiny: FakeHub, tmp_path: Path) -> None:
    tiny.files[hub.TOKENIZER_OF] = {"tokenizer.json": tiny.files["acme/tiny"].pop("tokenizer.json"), "model.safetensors": b"large"}
    pulled = pull(Hub(tiny.endpoint), Shelf(tmp_path), "acme/tiny", "main", ALL, progress=quiet)
    assert sorted(pulled.manifest.files) == ["onnx/kompress-fp32.onnx", "tokenizer.json"]
    assert not any("safetensors" in path for path, _ in tiny.asked)


@pytest.mark.parametrize("how", ["lies", "breaks_off"])
def test_what_comes_damaged_is_not_kept(tiny: FakeHub, tmp_path: Path, how: str) -> None:
    if how == "lies":
        tiny.lies["tokenizer.json"] = "0" * 64
    else:
        tiny.breaks_off.add("tokenizer.json")
    with pytest.raises(UserError, match="tokenizer.json"):
        pull(Hub(tiny.endpoint), Shelf(tmp_path), "acme/tiny", "main", ALL, progress=quiet)
    assert not list(Shelf(tmp_path))
    assert not [path for path in (tmp_path / "models").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "framing", ["content-length: 1000\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n10\r\nabc", "transfer-encoding: chunked\r\n\r\nzz\r\n"]
)
@pytest.mark.parametrize("asked", ["listing", "file"])
def test_an_answer_that_breaks_off_is_a_sentence(tmp_path: Path, framing: str, asked: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(f"HTTP/1.1 200 OK\r\n{framing}".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        hub = Hub(f"http://127.0.0.1:{listening.getsockname()[1]}")
        with pytest.raises(
            UserError, match=r"^(acme/tiny at main|x\.json) (broke off after 0 bytes|came damaged)|^What the hub says of acme/tiny cannot be read"
        ) as said:
            if asked == "listing":
                hub.listing("acme/tiny", "main")
            else:
                hub.fetch(Wanted("acme/tiny", COMMIT, "x.json", 1000), tmp_path / "x.json", quiet)
        thread.join()
    assert ("broke off" in said.value.message) is framing.startswith("transfer")


def test_a_network_that_fails_is_not_taken_for_the_disk(tiny: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = HTTPResponse.read

    def broken(answer: HTTPResponse, amt: int | None = None) -> bytes:
        if "/cdn/" in answer.geturl():
            raise OSError(errno.EHOSTUNREACH, "No route to host")
        return read(answer, amt)

    monkeypatch.setattr(HTTPResponse, "read", broken)
    with pytest.raises(UserError, match="broke off after 0 bytes: .*No route to host"):
        pull(Hub(tiny.endpoint), Shelf(tmp_path), "acme/tiny", "main", ALL, progress=quiet)


def test_a_token_goes_to_the_hub_alone(tiny: FakeHub, tmp_path: Path) -> None:
    pull(Hub(tiny.endpoint, "secret"), Shelf(tmp_path), "acme/tiny", "main", ALL, progress=quiet)
    assert {bool(auth) for path, auth in tiny.asked if path.startswith("/cdn/")} == {False}
    assert {auth for path, auth in tiny.asked if not path.startswith("/cdn/")} == {"Bearer secret"}


def test_what_is_not_there_is_said(fake: FakeHub) -> None:
    with pytest.raises(UserError, match="answered 404 for acme/none at main"):
        Hub(fake.endpoint).listing("acme/none", "main")
    fake.server.server_close()
    with pytest.raises(UserError, match="cannot be reached"):
        Hub("http://127.0.0.1:1").listing("acme/none", "main")
    with pytest.raises(UserError, match="without encryption"):
        Hub("http://hub.example")


def test_only_what_can_be_used_is_fetched() -> None:
    names = ["merged.pt", "onnx/kompress-fp32.onnx", "onnx/kompress-fp32.onnx.data", "onnx/kompress-int8.onnx", "config.json", "tokenizer.json"]
    listing = Listing(COMMIT, [Sibling(n, 5, Lfs("a" * 64)) for n in names])
    assert [w.name for w in plan("a/b", listing, ALL)] == [names[1], names[2], *names[4:]]
    assert [w.name for w in plan("a/b", listing, [Format.TORCH])] == [names[0], *names[4:]]
    with pytest.raises(UserError, match=r"no weights in a format.*it has: merged\.pt"):
        plan("a/b", Listing(COMMIT, [Sibling("merged.pt")]), [Format.ONNX])


@pytest.mark.parametrize(
    ("text", "is_one"), [("a/b", True), ("a", False), ("a/b/c", False), ("../b", False), ("a/..", False), ("/b", False), ("a/b..c", False)]
)
def test_names_of_models(text: str, is_one: bool) -> None:
    assert is_hub_id(text) is is_one


def test_the_commands(tiny: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HF_ENDPOINT", tiny.endpoint)
    run = CliRunner().invoke
    assert "What was" in str(run(command.command, ["remove", "acme/tiny"], standalone_mode=False).exception.hint)  # type: ignore[union-attr]
    done = run(command.command, ["pull", "acme/tiny", "--format", "onnx"], standalone_mode=False)
    assert done.exception is None
    assert 'kompress_model = "acme/tiny"' in done.stdout
    assert hashlib.sha256(tiny.files["acme/tiny"]["tokenizer.json"]).hexdigest() in done.stdout
    monkeypatch.setenv("HEADROOM_KOMPRESS_MODEL", "acme/tiny")
    assert f"* acme/tiny@{COMMIT[:12]}" in run(command.command, ["list"], standalone_mode=False).stdout
    assert "is removed" in run(command.command, ["remove", "acme/tiny"], standalone_mode=False).stdout
    after = run(command.command, ["list"], standalone_mode=False)
    assert "* embedded" in after.stdout
    assert "are not here" in after.stderr


def test_the_model_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose("embedded", tmp_path) == choose("", tmp_path)
    assert choose("embedded", tmp_path).name == "embedded"
    assert "no hub id" in choose("no such folder", tmp_path).why
    assert "no hub id" in choose("~nosuch-user/tiny", tmp_path).why
    assert "holds no weights" in choose(str(tmp_path), tmp_path).why
    folder = checkpoints.onnx(tmp_path / "tiny")
    assert choose(str(folder), tmp_path).name == str(folder)
    monkeypatch.setattr("pipeline.compressors.kompress.checkpoint.loading.find_spec", lambda name: None)
    chosen = choose(str(folder), tmp_path)
    assert chosen.checkpoint is None
    assert "headroom-ai[ml]" in chosen.why
