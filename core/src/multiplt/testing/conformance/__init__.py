"""The conformance suite: what every language plugin must hold, as one pytest class.

A plugin's test is three lines, and `multiplt plugin check NAME` runs the same:

    from multiplt.testing.conformance import Conformance

    class TestRacket(Conformance):
        language = "racket"

It needs the plugin installed with its conformance material (`multiplt.testing.material`), the toolchain, a
sandbox, and the packages pytest and hypothesis: `pip install "multiplt[kit]"`.
"""

from multiplt.testing.conformance.cleaning import CleaningChecks
from multiplt.testing.conformance.exploits import ExploitChecks
from multiplt.testing.conformance.extraction import ExtractionChecks
from multiplt.testing.conformance.package import PackageChecks
from multiplt.testing.conformance.prompts import PromptChecks
from multiplt.testing.conformance.random_values import RandomValueChecks
from multiplt.testing.conformance.spec import SpecChecks
from multiplt.testing.conformance.suites import SuiteChecks
from multiplt.testing.conformance.toolchain import ToolchainChecks
from multiplt.testing.conformance.values import ValueChecks
from multiplt.testing.conformance.verdicts import VerdictChecks
from multiplt.testing.conformance.warm import WarmChecks

__all__ = ["Conformance"]


class Conformance(  # pytest runs the checks of the last base first
    ExploitChecks,
    WarmChecks,
    VerdictChecks,
    RandomValueChecks,
    SuiteChecks,
    ValueChecks,
    CleaningChecks,
    ExtractionChecks,
    PromptChecks,
    ToolchainChecks,
    PackageChecks,
    SpecChecks,
):
    """All checks of one language. A subclass, whose name begins with `Test`, sets:

    - `language`: the name of an installed language, or a plugin object;
    - `distribution`: where `language` is an object, the distribution that its material lies in;
    - `random_values`: how many random values are sent through it, if not 8.

    Each check is a test whose docstring says what must hold; where it does not, the test fails with a
    sentence. Programs run in few passes, and identical ones once.
    """
