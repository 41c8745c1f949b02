from __future__ import annotations

from pipeline.memory import identity


def test_another_folder_or_origin_is_another_project() -> None:
    names = {
        identity.of_repository("/a/.git", "git@example.com:x.git"),
        identity.of_repository("/a/.git", "git@example.com:y.git"),
        identity.of_repository("/b/.git", "git@example.com:x.git"),
        identity.of_repository("/a/.git", ""),
        identity.of_folder("/a"),
        identity.of_folder("/a\udcff"),
    }
    assert len(names) == 6
    assert identity.of_folder("/a") == identity.of_folder("/a")
