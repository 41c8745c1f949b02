from __future__ import annotations

import pytest

pytest.importorskip("tree_sitter")

from pipeline.compressors.code.languages import BY_NAME, parse
from pipeline.compressors.code.outline import outline

FUNCTIONS = {
    "python": "if a:\n    b(\n        c,\n        d)\n    def f():\n        e()\n    g([1,\n       2])\n# why\nclass A:\n    pass\n",
    "go": "package a\n\nvar a = b(\n\tfunc(c int) {\n\t\td(1,\n\t\t\t2)\n\t},\n\te)\n\n// why\ntype (\n\tf struct {\n\t}\n)\n",
    "c": "#ifdef A\nint f(\n  int a)\n{\n}\n#define B \\\n  c\nint g = h +\n  i;\n// why\nstruct j {\n  int k;\n};\n#endif\n",
}
NAMES = {"python": ["f", "A"], "go": ["", "f"], "c": ["f", "j"]}


@pytest.mark.parametrize("language", list(FUNCTIONS))
def test_what_has_no_sign_of_a_definition_hides_none(language: str) -> None:
    """Small nodes are passed over by their text: those that hold a definition or a comment are not."""
    source = FUNCTIONS[language]
    tree = parse(source.encode(), BY_NAME[language])
    assert tree is not None
    found = outline(tree.root_node, source.encode(), source.split("\n"), BY_NAME[language])
    assert [definition.name for definition in found.definitions] == NAMES[language]
    assert [source.split("\n")[comment.first].lstrip("#/ ") for comment in found.comments] == ["why"]
