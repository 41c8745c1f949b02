"""What threads share stays usable in a process that is forked."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest

import pipeline
from pipeline.forks import ProcessLock, cached_property
from tests.forking import said

ROOT = Path(pipeline.__file__).parents[1]


def test_of_threads_one_has_the_lock():
    lock = ProcessLock()
    with lock.here():
        taken = []
        thread = threading.Thread(target=lambda: taken.append(lock.here().acquire(blocking=False)))
        thread.start()
        thread.join()
    assert taken == [False]
    with lock.here():
        pass


@pytest.mark.slow
def test_a_lock_that_a_thread_holds_at_a_fork_is_free_in_the_child():
    program = """
from pipeline.forks import ProcessLock
lock = ProcessLock()

def work():
    with lock.here():
        middle()
    print("the parent's", lock.here().locked())

def in_child():
    with lock.here():
        print("the child's", lock.here().locked())

fork_meanwhile(work, in_child)
"""
    assert said(program) == ["the child's True", "the parent's False"]


@pytest.mark.slow
def test_who_forks_with_the_lock_in_hand_gives_it_back_in_both():
    program = """
from pipeline.forks import ProcessLock
lock = ProcessLock()
with lock.here():
    child = os.fork()
if not child:
    os._exit(lock.here().locked())
print(os.waitpid(child, 0)[1], lock.here().locked())
"""
    assert said(program) == ["0 False"]


class Named:
    asked = 0

    @cached_property
    def name(self) -> str:
        """How it is called."""
        self.asked += 1
        return f"name {self.asked}"


def test_a_property_is_made_once():
    one = Named()
    assert (one.name, one.name, one.__dict__["name"], Named().name) == ("name 1", "name 1", "name 1", "name 1")
    del one.name
    assert one.name == "name 2"
    assert isinstance(Named.name, cached_property)
    assert Named.name.__doc__ == "How it is called."


@pytest.mark.slow
def test_a_property_that_a_thread_makes_at_a_fork_is_made_in_the_child():
    program = """
from pipeline.forks import cached_property

class Named:
    @cached_property
    def name(self):
        middle()
        return "made"

one = Named()
fork_meanwhile(lambda: one.name, lambda: print(one.name, Named().name))
print(one.name)
"""
    assert said(program) == ["made made", "made"]


def test_nothing_that_an_application_runs_uses_one_with_a_lock():
    """Before Python 3.12 the standard library's hold one lock for all objects of a class while one of them makes its value."""
    users = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ("pipeline", "headroom")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "functools" and any(a.name == "cached_property" for a in node.names))
        or (isinstance(node, ast.Attribute) and node.attr == "cached_property")
    ]
    assert [where.partition(":")[0] for where in users] == ["pipeline/forks.py"]
