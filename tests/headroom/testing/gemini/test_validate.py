from __future__ import annotations

import copy

import pytest

from headroom.testing import ApiError
from headroom.testing.gemini.validate import call_signature, check_gemini

KEY = {"x-goog-api-key": "k"}
MODEL = "gemini-3.8-flash"


def user(*parts):
    return {"role": "user", "parts": list(parts)}


def model(*parts):
    return {"role": "model", "parts": list(parts)}


def call(name="c1", signed=True, **args):
    value = {"id": name, "name": "run", "args": args}
    return {"functionCall": value} | ({"thoughtSignature": call_signature(value)} if signed else {})


def result(name="c1", tool="run"):
    return {"functionResponse": {"id": name, "name": tool, "response": {"output": "x"}}}


HELLO = user({"text": "hello"})
GOOD = [HELLO, model({"text": "I look."}, call("c1"), call("c2", signed=False)), user(result("c1"), result("c2")), model({"text": "Done."}), HELLO]


def check(contents, *, on=MODEL, headers=KEY, **more):
    issued = more.pop("issued", None)
    signatures = more.pop("signatures", True)
    check_gemini({"contents": contents} | more, headers, on, issued=issued, signatures=signatures)


def test_taken():
    check(GOOD)
    check([*GOOD[:3], HELLO])
    check([HELLO, model({"text": "a"}), model(call()), user(result())])
    check([{"parts": [{"text": "no role"}]}])
    check([HELLO, model(call(signed=False)), user(result())], on="gemini-2.5-pro")
    check([HELLO, model(call(signed=False)), user(result()), HELLO])
    check([HELLO, model(call(signed=False) | {"thoughtSignature": "skip_thought_signature_validator"}), user(result())])
    check([HELLO, model(call() | {"thoughtSignature": "c2ln"}), user(result())], signatures=False)
    check(GOOD, system_instruction=user({"text": "s"}), generation_config={"temperature": 1})
    check(GOOD, headers={"authorization": "Bearer k"})
    snake = call()["functionCall"]
    check(
        [
            HELLO,
            model({"function_call": snake, "thought_signature": call_signature(snake)}),
            user({"function_response": result()["functionResponse"]}),
        ]
    )


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ([], "contents is not specified"),
        ("x", "contents is not specified"),
        (["x"], "expected an object"),
        ([{"role": "robot", "parts": [{"text": "x"}]}], "valid role"),
        ([user()], "must not be empty"),
        ([user({"text": "x", "colour": "red"})], 'Unknown name "colour"'),
        ([user({"text": "x", "inlineData": {}})], "already set"),
        ([user({})], "must have one initialized field"),
        ([user({"text": 3})], "TYPE_STRING"),
        ([user(call())], "role model"),
        ([HELLO, model(result())], "role user"),
        ([user({"functionResponse": {"id": "c", "name": "", "response": {}}})], "cannot be empty"),
        ([user({"functionResponse": {"id": "c", "name": "n", "response": "x"}})], "Struct"),
        ([user(result())], "function response turn comes immediately after"),
        ([model(call()), user(result())], "function call turn comes immediately after"),
        (GOOD[:2], "number of function response parts"),
        ([*GOOD[:2], user(result("c1"))], "number of function response parts"),
        ([*GOOD[:2], HELLO], "number of function response parts"),
        ([*GOOD[:2], user(result("c1"), result("c1"))], "no function call has the id"),
        ([*GOOD[:2], user(result("c1"), result("c2", "walk"))], "no function call has the id"),
        ([HELLO, model(call(signed=False)), user(result())], "missing a thought_signature"),
        ([HELLO, model(call() | {"thoughtSignature": "c2ln"}), user(result())], "Corrupted"),
        ([HELLO, model(call() | {"thoughtSignature": call("c9")["thoughtSignature"]}), user(result())], "not valid"),
    ],
)
def test_refused(contents, message):
    with pytest.raises(ApiError) as caught:
        check(contents)
    assert (caught.value.status, message in caught.value.message) == (400, True)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"nonsense": 1}, 'Unknown name "nonsense"'),
        ({"tools": {}}, "expected a list"),
        ({"tools": [{"functionDeclarations": [{"name": "no spaces"}]}]}, "Invalid function name"),
        ({"tools": [{"functionDeclarations": [{"name": "a"}, {"name": "a"}]}]}, "Duplicate"),
        ({"tools": [{"functionDeclarations": [{"name": "a", "parameters": {}, "parametersJsonSchema": {}}]}]}, "cannot both be set"),
        ({"tools": [{"functionDeclarations": [{"name": "a", "parameters": {"type": "STRING"}}]}]}, "OBJECT"),
    ],
)
def test_refused_beside_the_conversation(more, message):
    with pytest.raises(ApiError) as caught:
        check(GOOD, **more)
    assert message in caught.value.message


def test_nobody_without_a_key_and_nothing_but_an_object():
    with pytest.raises(ApiError) as caught:
        check(GOOD, headers={})
    assert caught.value.status == 403
    with pytest.raises(ApiError):
        check_gemini([], KEY, MODEL)


def test_a_call_that_came_back_changed():
    made = call("c2", signed=False, command="ls")["functionCall"]
    contents = copy.deepcopy(GOOD)
    contents[1]["parts"][2]["functionCall"]["args"] = {"command": "ls"}
    check(contents, issued={"c2": made})
    contents[1]["parts"][2]["functionCall"]["args"] = {"command": "rm"}
    with pytest.raises(ApiError, match="not the one that was issued"):
        check(contents, issued={"c2": made})
