"""What should be written, said shortly: a function for each lesson. A slot takes one value, or all that are as good."""

from __future__ import annotations

from typing import Any

from tests.headroom_wrap.learn.independent.second.worlds import Label

Values = str | list[str]


def heads(command: str, least: int = 2) -> list[str]:
    """The beginnings of a command that name it well enough: from so many words up to all of it."""
    words = command.split()
    return [" ".join(words[:count]) for count in range(least, len(words) + 1)]


def slash(folder: str) -> list[str]:
    return [folder, f"{folder}/"]


def program(wrong: Values, right: Values) -> Label:
    return _pair("use_program", wrong, right)


def environment(wrong: Values, right: Values) -> Label:
    return _pair("use_environment", wrong, right)


def task(wrong: Values, right: Values) -> Label:
    return _pair("use_task", wrong, right)


def folder(command: Values, where: str) -> Label:
    return ("run_in_folder", {"command": command, "folder": slash(where)})


def add(command: Values, option: Values) -> Label:
    return ("add_option", {"command": command, "option": option})


def swap(command: Values, wrong: Values, right: Values) -> Label:
    return ("replace_option", {"command": command, "wrong": wrong, "right": right})


def drop(command: Values, option: Values) -> Label:
    return ("drop_option", {"command": command, "option": option})


def variable(command: Values, assignment: Values) -> Label:
    return ("set_variable", {"command": command, "assignment": assignment})


def at(wrong: Values, right: Values) -> Label:
    return _pair("path_is_at", wrong, right)


def ranges(path: str) -> Label:
    return ("read_ranges", {"path": path})


def searched(path: str) -> Label:
    return ("search_file", {"path": path})


def search_in(wrong: str, right: str) -> Label:
    return _pair("search_in_folder", slash(wrong), slash(right))


def search_with(where: str, option: Values) -> Label:
    return ("search_option", {"folder": slash(where), "option": option})


def indented(path: str, indentation: str) -> Label:
    return ("edit_indentation", {"path": path, "indentation": indentation})


def line_ends(path: str) -> Label:
    return ("edit_line_ends", {"path": path})


def reread(path: str) -> Label:
    return ("reread_before_edit", {"path": path})


def refused(command: Values) -> Label:
    return ("refused", {"command": command})


def refused_instead(command: Values, instead: Values) -> Label:
    return ("refused_instead", {"command": command, "instead": instead})


def hangs(command: Values) -> Label:
    return ("hangs", {"command": command})


def hangs_instead(command: Values, instead: Values) -> Label:
    return ("hangs_instead", {"command": command, "instead": instead})


def repeated() -> Label:
    return ("repeated", {})


def prefers(wrong: Values, right: Values) -> Label:
    return _pair("prefers", wrong, right)


def entry(path: str) -> Label:
    return ("entry_point", {"path": path})


def _pair(lesson: str, wrong: Values, right: Values) -> Label:
    slots: dict[str, Any] = {"wrong": wrong, "right": right}
    return (lesson, slots)
