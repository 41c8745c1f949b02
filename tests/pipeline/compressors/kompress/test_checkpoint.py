from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compressors.kompress.checkpoint import Checkpoint, Format, Unusable, find, load, missing
from pipeline.compressors.kompress.checkpoint.chunks import UNIT, WORDS, Chunked, Encoded
from pipeline.compressors.kompress.checkpoint.files import choose
from pipeline.compressors.kompress.checkpoint.tokenizer import Encoder
from tests.pipeline.compressors.kompress import checkpoints

LETTERS = 40  # tokens in the window of the stand-in


def by_letters(words):
    """A token for every letter, as many as there is room for."""
    ids, of_words = [], []
    for n, word in enumerate(words):
        for letter in word:
            if len(ids) == LETTERS:
                return Encoded(ids, of_words, n)
            ids.append(ord(letter))
            of_words.append(n)
    return Encoded(ids, of_words, len(words))


def judged(ids):
    return [0.75 if id_ == ord("z") else 0.25 for id_ in ids]


@settings(max_examples=60)
@given(st.lists(st.text("abz", max_size=60), max_size=40))
def test_every_word_has_the_score_of_its_best_token(words: list[str]) -> None:
    scores = Chunked(by_letters, judged).score_words(words)
    assert scores is not None
    assert len(scores) == len(words)
    for word, score in zip(words, scores, strict=True):
        seen = word[:LETTERS]
        assert score == (UNIT if not word else 750 if "z" in seen else 250)


def test_a_text_of_many_chunks_is_stopped_between_two() -> None:
    asked = iter([False, False, True])
    assert Chunked(by_letters, judged).score_words(["aaaa"] * (3 * WORDS), lambda: next(asked)) is None


def test_the_smallest_weights_in_a_wanted_format_are_chosen() -> None:
    names = {"merged.pt", "onnx/kompress-fp32.onnx", "onnx/kompress-int8-wo.onnx", "README.md"}
    assert choose(names, list(Format)) == (Format.ONNX, "onnx/kompress-int8-wo.onnx")
    assert choose(names, [Format.TORCH]) == (Format.TORCH, "merged.pt")
    assert choose({"README.md"}, list(Format)) is None


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no folder"):
        find(tmp_path / "none")
    with pytest.raises(Unusable, match="none of onnx/kompress-int8-wo.onnx"):
        find(tmp_path)
    (tmp_path / "merged.pt").write_bytes(b"no weights")
    with pytest.raises(Unusable, match=r"no tokenizer\.json"):
        find(tmp_path)
    with pytest.raises(Unusable, match=r"only merged\.pt"):
        find(tmp_path, [Format.ONNX])


def test_what_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.compressors.kompress.checkpoint.loading.find_spec", lambda name: None)
    assert missing(Format.ONNX) == ["onnxruntime", "tokenizers", "numpy"]
    with pytest.raises(Unusable, match=r"onnxruntime.*not installed.*headroom-ai\[ml\]"):
        load(Checkpoint(tmp_path, "onnx/kompress-fp32.onnx", Format.ONNX))


def test_a_window_keeps_its_words_whole(tmp_path: Path) -> None:
    checkpoints.tokenizer(tmp_path)
    encode = Encoder(tmp_path)
    few = encode(["one", "two"])
    assert few.whole == 2
    assert few.words == [-1, 0, 0, 0, 0, 1, 1, 1, 1, -1]  # a blank before each is a token here
    many = encode(["word"] * 350)
    assert len(many.ids) == 512
    assert many.whole == 101 == max(many.words)  # the 102nd word ends the window, and might have been cut


@pytest.mark.slow
def test_a_checkpoint_in_onnx(tmp_path: Path) -> None:
    found = find(checkpoints.onnx(tmp_path))
    assert (found.format, found.weights) == (Format.ONNX, "onnx/kompress-fp32.onnx")
    words = ["a", "lizard", "", "basks", "é" * 5000] * 200
    assert load(found).score_words(words) == [125, 938, UNIT, 125, 125] * 200  # 0.9375, rounded to even


@pytest.mark.slow
def test_a_graph_that_gives_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="give final_scores"):
        load(find(checkpoints.onnx(tmp_path, output="logits")))


def test_a_damaged_graph_is_refused(tmp_path: Path) -> None:
    checkpoints.onnx(tmp_path)
    (tmp_path / "onnx/kompress-fp32.onnx").write_bytes(b"\x08\x09damaged")
    with pytest.raises(Unusable, match="cannot be loaded"):
        load(find(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["merged.pt", "model.safetensors"])
def test_a_checkpoint_of_torch(tmp_path: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        found = find(checkpoints.torch(tmp_path, name))
        words = "the lizard basks in the sun until it is warm".split()
        scores = load(found).score_words(words)
        assert scores == expected(tmp_path, words)
    assert found.format is Format.TORCH
    assert len(set(scores)) > 5


@pytest.mark.slow
def test_a_checkpoint_of_torch_without_a_part_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Unusable, match="lacks the weights of: span_conv"):
            load(find(checkpoints.torch(tmp_path, without="span_conv")))


def expected(folder: Path, words: list[str]) -> list[int]:
    """The scores by the formula of the published model, written down once more."""
    import torch
    from torch.nn import functional as f
    from transformers import ModernBertConfig, ModernBertModel

    merged = folder / "merged.pt"
    if not merged.exists():
        checkpoints.torch(folder)  # the same seed, the same weights
    parts = torch.load(merged, weights_only=True)
    encoder = ModernBertModel(ModernBertConfig.from_json_file(str(folder / "config.json"))).eval()
    encoder.load_state_dict(parts["encoder_state_dict"])
    head, spans = parts["token_head_state_dict"], parts["span_conv_state_dict"]
    encoded = Encoder(folder)(words)
    with torch.no_grad():
        hidden = encoder(input_ids=torch.tensor([encoded.ids])).last_hidden_state
        keep = f.softmax(hidden @ head["weight"].T + head["bias"], -1)[0, :, 1]
        inner = f.gelu(f.conv1d(hidden.transpose(1, 2), spans["0.weight"], spans["0.bias"], padding=2))
        span = torch.sigmoid(f.conv1d(inner, spans["2.weight"], spans["2.bias"], padding=1))[0, 0]
        final = keep * (0.5 + 0.5 * span)
    return [round(max(float(s) for s, w in zip(final, encoded.words, strict=True) if w == n) * UNIT) for n in range(len(words))]
