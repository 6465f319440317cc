"""The settings of a run: what is read, and how each mistake is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from multiplt.errors import MultipltError, UsageError
from multiplt.run import Config, load_config

GOOD = """
[run]
output = "out"
languages = ["toy"]
[source]
functions = "functions.jsonl"
[model]
name = "replay:recorded/completions.jsonl"
"""


def load(folder: Path, text: str = GOOD, *overrides: str) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    return load_config(path, overrides)


def test_defaults_and_paths_relative_to_the_file(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config.run.output == tmp_path / "out"
    assert config.source.functions == str(tmp_path / "functions.jsonl")
    assert config.model.name == f"replay:{tmp_path}/recorded/completions.jsonl"
    sampling = config.sampling
    assert (sampling.n, sampling.temperature, sampling.top_p, sampling.max_tokens) == (50, 0.8, 0.95, 512)
    assert (config.run.engine, config.prompts.canonical, config.prompts.style) == ("local", True, "completion")


def test_a_mirror_is_a_url_or_a_path(tmp_path: Path) -> None:
    for mirror, found in {"s3://bucket/run": "s3://bucket/run", "copy": f"{tmp_path}/copy"}.items():
        run = load(tmp_path, GOOD.replace("[source]", f'mirror = "{mirror}"\n[source]')).run
        assert (run.mirror, run.mirror_every) == (found, 60)


def test_a_relative_configuration_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("config.toml")).run.output == tmp_path / "out"


def test_names_that_are_no_paths_stay(tmp_path: Path) -> None:
    text = GOOD.replace("functions.jsonl", "owner/name:train").replace("replay:recorded", "openai:owner/model@http://x/v1")
    config = load(tmp_path, text)
    assert config.source.functions == "owner/name:train"
    assert config.model.name.startswith("openai:owner/model@http://x/v1")
    (tmp_path / "owner").mkdir()
    (tmp_path / "owner" / "name:train").touch()
    assert load(tmp_path, text).source.functions == str(tmp_path / "owner" / "name:train")


def test_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = load(
        tmp_path, GOOD, "sampling.n=3", 'run.languages=["a", "b"]', "model.name=replay:x=y.jsonl", "run.output=here",
        "sampling.temperature=0", "execute.timeout = 2.5", "prompts.canonical=false",
    )  # fmt: skip
    assert (config.sampling.n, config.run.languages, config.sampling.temperature) == (3, ("a", "b"), 0.0)
    assert config.model.name == f"replay:{tmp_path}/elsewhere/x=y.jsonl"
    assert config.run.output == tmp_path / "elsewhere" / "here"
    assert (config.execute.timeout, config.prompts.canonical) == (2.5, False)


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        load(tmp_path).sampling.n = 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[model]", "[sampling]\ntemprature = 1\n[model]"), r"sampling\.temprature is no setting; did you mean temp"),
        (("[model]", "[smapling]\nn = 1\n[model]"), r"smapling is no setting; did you mean sampling"),
        (("[model]", "[zzz]\nn = 1\n[model]"), r"zzz is no setting; there are run, source"),
        (("output =", "outptu ="), r"run\.outptu is no setting; did you mean output"),
        (('output = "out"', ""), r"run\.output is missing; add output = … to \[run\]"),
        (("[source]\nfunctions", "functions"), r"run\.functions is no setting"),
        (('["toy"]', '"toy"'), r"run\.languages is 'toy' and should be a valid list"),
        (('["toy"]', "[]"), r"run\.languages is \[\] and should have at least 1 item"),
        (('["toy"]', "[1]"), r"run\.languages\.0 is 1 and should be a valid string"),
        (('["toy"]', '["toy"]\nseed = "x"'), r"run\.seed is 'x' and should be a valid integer"),
        (('["toy"]', '["toy"]\nshard_size = 0'), r"run\.shard_size is 0 and should be greater than or equal to 1"),
        (('["toy"]', '["toy"]\nengine = "dask"'), r"run\.engine is 'dask' and should be 'local' or 'ray'"),
        (("replay:recorded/completions.jsonl", "gpt"), r"model\.name is 'gpt' and should be like replay:FILE"),
        (("[run]", "source = 3\n[run]"), "is not TOML"),
        ((GOOD, "run = 3\n"), r"run is 3 and should be a section; write \[run\]"),
        ((GOOD, "nonsense"), "is not TOML"),
        ((GOOD, ""), r"run is missing; add the section \[run\]"),
    ],
)
def test_each_mistake_is_one_sentence_with_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(MultipltError, match=said) as caught:
        load(tmp_path, GOOD.replace(*change))
    assert str(caught.value).startswith(str(tmp_path / "config.toml"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sampling.m=3", "--set sampling.m is no setting"),
        ("sampling.n=many", "--set sampling.n is 'many' and should be a valid integer"),
        ("n=3", "--set n=3 is no setting; write it as section.key=value"),
        ("sampling.n", "--set sampling.n is no setting; write it as section.key=value"),
        ("zzz.n=1", "--set zzz"),
    ],
)
def test_wrong_overrides(tmp_path: Path, override: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load(tmp_path, GOOD, override)


def test_a_missing_or_binary_file(tmp_path: Path) -> None:
    with pytest.raises(MultipltError, match="cannot read the configuration"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(MultipltError, match="is not UTF-8 text"):
        load_config(tmp_path / "x.toml")


CLOSING = """
[dataset]
strategy = "best"
[train]
recipe = "recipes/small.toml"
set = ["train.epochs=2"]
[evaluate]
benchmark = "problems.jsonl"
"""


def test_sections_that_close_a_run(tmp_path: Path) -> None:
    assert load(tmp_path).train is None
    config = load(tmp_path, GOOD + CLOSING)
    assert config.train is not None
    assert config.evaluate is not None
    assert config.train.recipe == tmp_path / "recipes" / "small.toml"
    assert config.evaluate.benchmark_in("toy") == str(tmp_path / "problems.jsonl")
    assert (config.evaluate.evaluation.n, config.evaluate.evaluation.temperature) == (20, 0.2)
    hub = load(tmp_path, GOOD + CLOSING, "evaluate.benchmark=owner/name:humaneval-{tag}:test").evaluate
    assert hub is not None
    assert hub.benchmark_in("toy") == "owner/name:humaneval-toy:test"
    with pytest.raises(MultipltError, match=r"evaluate\.engine is 'x' and should be 'vllm' or 'transformers'"):
        load(tmp_path, GOOD + CLOSING + 'engine = "x"')
