"""A client of the endpoints: what a program would send, and the answer decoded."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.headroom_wrap.proxy.harness import SECRET, Message, Running, proxy

NOWHERE = "http://127.0.0.1:9"  # no endpoint of ours ever calls the upstream


@dataclass
class Reply:
    status: int
    message: Message

    @property
    def json(self):
        return json.loads(self.message.body)

    @property
    def kind(self):
        return self.json["error"]["type"]

    def header(self, name):
        value = self.message.field(name.encode())
        return None if value is None else value.decode()


@dataclass
class Client:
    proxy: Running

    async def send(self, method, path, body=None, **headers):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        fields = {
            "Host": f"127.0.0.1:{self.proxy.port}",
            **({} if body is None else {"Content-Type": "application/json", "Content-Length": str(len(data))}),
        }
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{n}: {v}\r\n" for n, v in fields.items() if v is not None)
        message = await self.proxy.raw(f"{method} /{SECRET}{path} HTTP/1.1\r\n{head}\r\n".encode() + data, method)
        return Reply(message.status, message)

    async def get(self, path, **headers):
        return await self.send("GET", path, **headers)

    async def post(self, path, body, **headers):
        return await self.send("POST", path, body, **headers)


@asynccontextmanager
async def client(**settings):
    async with proxy(NOWHERE, **settings) as running:
        yield Client(running)
