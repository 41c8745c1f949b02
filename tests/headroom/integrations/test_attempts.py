"""Requests that are refused once they were made smaller."""

from __future__ import annotations

import pytest

from headroom.integrations.attempts import Attempt, is_refusal


class Refused(Exception):
    def __init__(self, status: int = 400) -> None:
        self.status_code = status


class Service:
    """An API that refuses some requests, as a whole or as a stream, and notes what it is sent."""

    def __init__(self, *refuses: str, error: Exception | None = None) -> None:
        self.refuses = refuses
        self.error = error or Refused()
        self.sent: list[str] = []

    def send(self, body: str) -> str:
        self.sent.append(body)
        if body in self.refuses:
            raise self.error
        return f"answer to {body}"

    async def asend(self, body: str) -> str:
        return self.send(body)

    def stream(self, body: str):
        yield self.send(body)
        yield "end"

    async def astream(self, body: str):
        for piece in self.stream(body):
            yield piece


async def whole(attempt, service):
    return attempt.send(service.send)


async def awhole(attempt, service):
    return await attempt.asend(service.asend)


async def stream(attempt, service):
    first, end = attempt.stream(service.stream)
    assert end == "end"
    return first


async def astream(attempt, service):
    first, end = [piece async for piece in attempt.astream(service.astream)]
    assert end == "end"
    return first


WAYS = pytest.mark.parametrize("ask", [whole, awhole, stream, astream])


def attempt_of(given="long", made="short"):
    told: list[bool] = []
    return Attempt(given, made, lambda: told.append(True)), told


@WAYS
async def test_what_is_taken_is_sent_once(ask):
    attempt, told = attempt_of()
    service = Service()
    assert await ask(attempt, service) == "answer to short"
    assert (service.sent, told) == (["short"], [])


@WAYS
async def test_what_is_refused_is_sent_as_it_was(ask):
    attempt, told = attempt_of()
    service = Service("short")
    assert await ask(attempt, service) == "answer to long"
    assert (service.sent, told) == (["short", "long"], [True])


@WAYS
async def test_what_is_refused_both_ways_was_wrong_before_us(ask):
    attempt, told = attempt_of()
    service = Service("short", "long")
    with pytest.raises(Refused) as caught:
        await ask(attempt, service)
    assert caught.value.__context__ is None, "nothing of our attempt is seen in the application's error"
    assert (service.sent, told) == (["short", "long"], [])


@WAYS
async def test_what_was_not_changed_is_not_sent_again(ask):
    attempt, told = attempt_of("same", "same")
    service = Service("same")
    with pytest.raises(Refused):
        await ask(attempt, service)
    assert (service.sent, told) == (["same"], [])


@WAYS
@pytest.mark.parametrize("error", [Refused(401), Refused(429), Refused(500), ValueError("400"), ConnectionError()])
async def test_other_errors_are_no_refusals(ask, error):
    attempt, told = attempt_of()
    service = Service("short", error=error)
    with pytest.raises(type(error)):
        await ask(attempt, service)
    assert (service.sent, told) == (["short"], [])


async def test_a_stream_that_breaks_later_is_not_sent_again():
    attempt, told = attempt_of()
    sent = []

    def pieces(body):
        sent.append(body)
        yield 1
        raise Refused

    async def apieces(body):
        for piece in pieces(body):
            yield piece

    with pytest.raises(Refused):
        list(attempt.stream(pieces))
    with pytest.raises(Refused):
        [piece async for piece in attempt.astream(apieces)]
    assert (sent, told) == (["short", "short"], [])


async def test_a_stream_may_be_refused_before_there_is_one():
    """By a function that asks at once and returns what it is answered."""
    attempt, told = attempt_of()
    service = Service("short")

    async def later(pieces):
        for piece in pieces:
            yield piece

    assert list(attempt.stream(lambda body: [service.send(body)])) == ["answer to long"]
    assert [piece async for piece in attempt.astream(lambda body: later([service.send(body)]))] == ["answer to long"]
    assert (service.sent, told) == (["short", "long"] * 2, [True, True])


async def test_empty_streams():
    attempt, told = attempt_of()

    async def none():
        return
        yield

    assert list(attempt.stream(lambda _: iter(()))) == []
    assert [piece async for piece in attempt.astream(lambda _: none())] == []
    assert told == []


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def test_what_a_refusal_looks_like():
    google = Exception()
    google.code = 400  # type: ignore[attr-defined]
    assert is_refusal(google)
    assert is_refusal(caused(ValueError(), Refused()))
    assert not is_refusal(None)
    endless = ValueError()
    endless.__cause__ = endless
    assert not is_refusal(endless)
