"""The conformance suite finds what is wrong with a language, by the check that is about it."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import broken_languages
from broken_languages import EXPECTED
from multiplt.testing.checking import Finding, run_checks

Findings = dict[str, list[Finding]]


@pytest.fixture(scope="module")
def findings() -> Findings:
    """What every check of every class came to."""
    found: Findings = defaultdict(list)
    run_checks(Path(broken_languages.__file__), lambda finding: found[finding.group].append(finding))
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_a_fault_is_found_by_its_checks_and_related_ones_alone(findings: Findings, name: str) -> None:
    found_by, related = EXPECTED[name]
    failed = {finding.check: finding.reason for finding in findings[name] if finding.outcome == "failed"}
    assert set(found_by) <= set(failed)
    others = [check for check in failed if not any(fnmatchcase(check, pattern) for pattern in [*found_by, *related])]
    assert not others, {check: failed[check] for check in others}


def test_reasons_are_readable(findings: Findings) -> None:
    """A sentence or a short block, no traceback."""
    reasons = [finding.reason for found in findings.values() for finding in found if finding.outcome != "ok"]
    assert len(reasons) > 100
    for reason in reasons:
        assert reason.strip()
        assert "Traceback" not in reason
        assert len(reason) < 2000


def test_a_plugin_that_does_not_load_is_asked_nothing_more(findings: Findings) -> None:
    outcomes = {finding.outcome for finding in findings["TestOtherContract"] if finding.check != "plugin is loaded"}
    assert outcomes == {"skipped"}


def test_there_are_many_checks_each_with_a_name(findings: Findings) -> None:
    names = [finding.check for finding in findings["TestGood"]]
    assert len(set(names)) == len(names) > 150
