"""The published artifacts: their names, revisions and tokenizers, and how they become models."""

from __future__ import annotations

import re

import pytest

from multiplt.errors import UsageError
from multiplt.evaluate.artifacts import Artifact, catalogue, find_artifact
from multiplt.models import ModelOptions, ModelRegistry, register_builtin
from multiplt.models.artifact import resolve
from multiplt.models.engine.describing import tokenizer_of

HUB = "nuprl/MultiPL-T-StarCoderBase_1b"
RACKET = "table2/starcoderbase-1b/racket"
REVISION = re.compile(r"[0-9a-f]{40}|(rkt|ml|lua|jl|r)-(multiplt|25k|morestack|balancedstack)-epoch_?\d+")


def test_the_papers_numbers() -> None:
    racket = find_artifact(RACKET)
    assert (racket.hub, racket.base_score, racket.score, racket.epoch) == (HUB, 4.7, 11.3, 5)
    assert find_artifact("table2/starcoderbase-1b-base/racket").score == 4.7
    assert {a.hub for a in catalogue().values() if a.kind == "dataset"} >= {
        "nuprl/MultiPL-T", "nuprl/MultiPL-E", "nuprl/stack-dedup-python-testgen-starcoder-filter-v2"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "revision"),
    [
        (RACKET, "rkt-multiplt-epoch5"),
        (f"{RACKET}/epoch2", "rkt-multiplt-epoch2"),
        ("table2/starcoderbase-15b/r/epoch10", "r-multiplt-epoch10"),
        ("figure3b/starcoderbase-1b/racket/epoch1", "rkt-balancedstack-epoch_1"),
        ("figure3a/starcoderbase-1b/racket/epoch2", "b66a6b6b09e9c246ebbe6f43a5c941659803a4df"),
        ("figure8/starcoderbase-1b/lua/epoch7", "96aa7ad9f620c5150a33cddc540e0709cd81e2da"),
    ],
)
def test_a_name_is_a_revision(name: str, revision: str) -> None:
    assert find_artifact(name).revision == revision


def test_only_the_reported_epoch_has_the_reported_score() -> None:
    assert find_artifact(f"{RACKET}/epoch5").score == 11.3
    assert find_artifact(f"{RACKET}/epoch4").score is None


@pytest.mark.parametrize("artifact", catalogue().values(), ids=catalogue())
def test_an_artifact_is_on_the_hub_and_says_where_that_is_known_from(artifact: Artifact) -> None:
    assert re.fullmatch(r"[\w-]+/[\w.-]+", artifact.hub)
    assert artifact.sources
    assert find_artifact(artifact.name) == artifact
    revisions = [artifact.revision, *artifact.commits]
    assert all(REVISION.fullmatch(revision) for revision in revisions if revision)
    if artifact.tag:
        first = find_artifact(f"{artifact.name}/epoch1")
        assert REVISION.fullmatch(first.revision or "")
        assert artifact.name not in (first.name, *artifact.unknown)


def test_no_commit_is_that_of_two_epochs() -> None:
    commits = [(a.name.split("/")[0], commit) for a in catalogue().values() for commit in a.commits]
    assert len(commits) == len(set(commits)) == 30


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("table2/starcoderbase-1b/rackt", f"did you mean {RACKET}"),
        ("nothing", "see: multiplt artifacts list"),
        ("figure8/starcoderbase-1b/lua/epoch8", "has no epoch 8"),
        ("table2/starcoderbase-1b-base/racket/epoch1", "has no epoch 1"),
        (f"{RACKET}/epoch0", "there is no artifact"),
    ],
)
def test_what_is_no_artifact(name: str, reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)):
        find_artifact(name)


def test_an_artifact_is_a_model_with_its_revision_and_tokenizer() -> None:
    published = {"revision": "rkt-multiplt-epoch5", "tokenizer": "arjunguha/notstarcoder-1b"}
    assert resolve(RACKET, {}) == ("vllm", HUB, published)
    assert resolve(f"transformers:{RACKET}", {"tokenizer": "mine", "dtype": "bfloat16"}) == (
        "transformers", HUB, published | {"tokenizer": "mine", "dtype": "bfloat16"}
    )  # fmt: skip
    registry = ModelRegistry()
    register_builtin(registry.register)
    assert registry.find(f"artifact:{RACKET}", ModelOptions()).name == f"vllm:{HUB}"


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("table2/codellama-34b/julia", "name one, as artifact:table2/codellama-34b/julia/epoch3"),
        ("step2/translations", "is a dataset, not a model; read it as nuprl/MultiPL-T"),
        (f"openai:{RACKET}", "use one of vllm, transformers"),
    ],
)
def test_what_is_no_model(where: str, reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)):
        resolve(where, {})


def test_a_revision_is_not_that_of_another_models_tokenizer() -> None:
    tuned = {"revision": "epoch5"}
    assert tokenizer_of("tuned", tuned) == ("tuned", {"revision": "epoch5"})
    assert tokenizer_of("tuned", tuned | {"tokenizer": "tuned"}) == ("tuned", {"revision": "epoch5"})
    assert tokenizer_of("tuned", tuned | {"tokenizer": "base"}) == ("base", {})
    own = tuned | {"tokenizer": "base", "tokenizer_revision": "v2", "trust_remote_code": True}
    assert tokenizer_of("tuned", own) == ("base", {"revision": "v2", "trust_remote_code": True})
