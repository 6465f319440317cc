"""Plugins: found, loaded with care, bound to their language; a broken one is named and hurts no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import toy
from toy_helpers import spelled, toy_language, toy_plugins

from multiplt.errors import MultipltError, Refused
from multiplt.hookspecs import hookimpl
from multiplt.plugins import Plugins, collect, installed
from multiplt.spec import CONTRACT, CommentSyntax, LanguageSpec, Terms
from multiplt.testing.judging import read_function

FUNCTION = spelled(read_function('def f(n: int) -> int:\n    """Doc."""\n', "f", "assert f(1) == 1"))


def language_spec(**changes: Any) -> LanguageSpec:
    fields: dict[str, Any] = {
        "name": "other", "tag": "oth", "title": "Other", "suffix": ".o", "comments": CommentSyntax(), "stop_tokens": (),
        "terms": Terms(), "toolchain": ("other",), "package": "other", **changes,
    }  # fmt: skip
    return LanguageSpec(**fields)


class Other:
    """A plugin that answers `multiplt_language_spec` as it is told."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    @hookimpl
    def multiplt_language_spec(self) -> Any:
        return self.answer()


class Install:
    """Makes distributions with entry points, as they lie in site-packages."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delenv("MULTIPLT_DISABLE_PLUGINS", raising=False)

    def __call__(self, name: str, code: str, attribute: str = "plugin", distribution: str = "") -> None:
        distribution = distribution or f"multiplt-lang-{name}"
        module = distribution.replace("-", "_")
        (self.folder / f"{module}.py").write_text(code, encoding="utf-8")
        info = self.folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[multiplt]\n{name} = {module}:{attribute}\n", encoding="utf-8")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    return Install(tmp_path, monkeypatch)


HOOK = "from multiplt import hookimpl\nclass P:\n    @hookimpl\n    def multiplt_{}\nplugin = P()"
COPY = (
    "import toy\nfrom dataclasses import replace\nclass P(toy.Toy):\n    spec = replace(toy.Toy.spec, {})\nplugin = P()"
)

BROKEN = {
    "importing": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "exiting": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "raising": ("raise RuntimeError('boom')", "RuntimeError: boom"),
    "unparsable": ("def (", "SyntaxError"),
    "missing": ("", "has no attribute 'plugin'"),
    "classy": ("import toy\nplugin = toy.Toy", "is a class; make it an instance: plugin = Toy()"),
    "misspelt": (HOOK.format("build_promt(self, language): ..."), "multiplt_build_promt"),
    "misnamed": (HOOK.format("clean(self, lang): ..."), "lang"),
    "speccy": (HOOK.format("language_spec(self): return 'toy'"), "answered a str, not a LanguageSpec"),
    "raiser": (HOOK.format("language_spec(self): return 1 / 0"), "ZeroDivisionError"),
    "newer": (
        COPY.format("name='newer', tag='newer', aliases=(), contract=99"),
        f"version 99 of the contract, this is {CONTRACT}; upgrade it: pip install --upgrade multiplt",
    ),
    "older": (
        COPY.format("name='older', tag='older', aliases=(), contract=0"),
        "upgrade it: pip install --upgrade multiplt-lang-older",
    ),
    "shouting": (COPY.format("name='LOUD'"), "the language name 'LOUD' must be lower-case"),
    "abstract": ("from multiplt import Language\nclass P(Language): ...\nplugin = P()", "abstract"),
    "copycat": ("import toy\nclass P(toy.Toy): ...\nplugin = P()", "the name toy is taken by multiplt-lang-toy"),
}


def test_broken_plugins_are_named_and_hurt_no_other(install: Install) -> None:
    install("toy", "from toy import plugin", distribution="multiplt-lang-toy")
    for name, (code, _) in BROKEN.items():
        install(name, code)
    plugins = Plugins.discover()
    broken = {plugin.name: plugin for plugin in plugins.broken}
    assert "toy" in plugins.languages
    taken = "copycat" if "copycat" in broken else "toy"  # whichever is found first has the name
    for name, (_, error) in BROKEN.items():
        if name != "copycat":
            assert error in broken[name].error
            assert broken[name].distribution == f"multiplt-lang-{name}"
    assert taken in broken
    assert "is taken by" in broken[taken].error
    assert not any("\n" in plugin.error for plugin in plugins.broken)
    registered = {name for name, _ in plugins.manager.list_name_plugin()}
    assert not registered & set(broken)
    assert plugins.language("toy").build_prompt(FUNCTION, "completion", False) == "# Doc.\ndef f(n):\n"
    with pytest.raises(
        MultipltError, match=r"the plugin importing \(multiplt-lang-importing\) is broken: ModuleNotFound"
    ):
        plugins.language("importing")


def test_two_plugins_of_one_name(install: Install) -> None:
    install("toy", "from toy import plugin", distribution="one")
    install("toy", "import toy\nclass P(toy.Toy): ...\nplugin = P()", distribution="two")
    plugins = Plugins.discover()
    assert "toy" in plugins.languages
    assert any("two plugins toy" in plugin.error for plugin in plugins.broken)


@pytest.mark.parametrize(
    ("disabled", "left"), [("", True), ("toy", False), ("x, toy ", False), ("all", False), ("x", True)]
)
def test_disabled_plugins_stay_out(
    install: Install, monkeypatch: pytest.MonkeyPatch, disabled: str, left: bool
) -> None:
    install("toy", "from toy import plugin")
    install("exiting", "import sys; sys.exit(3)")
    monkeypatch.setenv("MULTIPLT_DISABLE_PLUGINS", disabled)
    plugins = Plugins.discover()
    assert ("toy" in plugins.languages) is left
    assert any(plugin.name == "exiting" for plugin in plugins.broken) is (disabled != "all")


def test_nothing_is_loaded_when_all_are_disabled() -> None:
    code = "from multiplt.plugins import installed; print(installed().languages, installed().broken)"
    environment = {**os.environ, "MULTIPLT_DISABLE_PLUGINS": "all"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


@pytest.mark.parametrize(
    "names", [{"tag": "toy"}, {"aliases": ("x", "toylang")}, {"aliases": ("TOY",)}, {"name": "toylang"}]
)
def test_a_taken_name_tag_or_alias(names: dict[str, Any]) -> None:
    plugins = toy_plugins()
    with pytest.raises(
        MultipltError, match=r"the name toy(lang)? is taken by multiplt-lang-toy; uninstall one of the two"
    ):
        plugins.register(Other(lambda: language_spec(**names)), "other")
    assert plugins.languages == ["toy"]
    plugins.register(Other(language_spec), "other")
    assert plugins.languages == ["other", "toy"]


@pytest.mark.parametrize("name", ["toy", "TOY", "toylang", "ToyLang"])
def test_a_language_by_any_of_its_names(name: str) -> None:
    assert toy_plugins().language(name).spec.name == "toy"


def test_a_capital_alias_is_found() -> None:
    plugins = toy_plugins(("other", Other(lambda: language_spec(aliases=("OtherLang",)))))
    assert plugins.language("OTHERLANG").spec.name == "other"


def test_unknown_languages() -> None:
    plugins = toy_plugins()
    with pytest.raises(MultipltError) as unknown:
        plugins.language("Zig")
    assert str(unknown.value) == "language 'Zig' is not installed; pip install multiplt-lang-zig (installed: toy)"
    with pytest.raises(
        MultipltError, match=r"did you mean toy\? If not: pip install multiplt-lang-toyy \(installed: toy\)"
    ):
        plugins.language("toyy")
    with pytest.raises(MultipltError, match=r"multiplt-lang-a-b \(installed: none\)"):
        Plugins().language("A/b!")


class FewShot:
    """Puts an example in front of toy's prompts, whoever writes them."""

    @hookimpl(wrapper=True)
    def multiplt_build_prompt(self, language: str, function: Any) -> Any:
        prompt = yield
        return f"# An example.\n{prompt}" if language == "toy" and prompt else prompt


class Instead:
    @hookimpl(tryfirst=True)
    def multiplt_build_prompt(self, language: str, style: str) -> str | None:
        return "instead" if style == "chat" else None


def test_another_plugin_wraps_or_answers_first() -> None:
    prompt = toy_language().build_prompt(FUNCTION, "completion", False)
    assert toy_language(("few", FewShot())).build_prompt(FUNCTION, "completion", False) == f"# An example.\n{prompt}"
    instead = toy_language(("instead", Instead()))
    assert instead.build_prompt(FUNCTION, "chat", False) == "instead"
    assert instead.build_prompt(FUNCTION, "completion", False) == prompt
    both = toy_language(("few", FewShot()), ("instead", Instead()))
    assert both.build_prompt(FUNCTION, "chat", False) == "# An example.\ninstead"


class Greedy(Other):
    """A language that answers for every other as well."""

    @hookimpl(tryfirst=True)
    def multiplt_build_prompt(self, language: str) -> str:
        return "mine"


def test_one_language_never_answers_for_another() -> None:
    plugins = toy_plugins(("other", Greedy(language_spec)))
    assert plugins.language("other").build_prompt(FUNCTION, "chat", False) == "mine"
    assert plugins.language("toy").build_prompt(FUNCTION, "completion", False) == "# Doc.\ndef f(n):\n"


def test_a_hook_that_nobody_answers() -> None:
    with pytest.raises(MultipltError, match="no plugin answers multiplt_build_prompt for other; other should"):
        toy_plugins(("other", Other(language_spec))).language("other").build_prompt(FUNCTION, "chat", False)


@pytest.mark.parametrize(
    "error", [ValueError("boom"), RecursionError("boom"), SystemExit("boom"), AssertionError("boom")]
)
def test_a_hook_that_raises_is_a_refusal_that_names_the_plugin(error: BaseException) -> None:
    class Raising:
        @hookimpl(tryfirst=True)
        def multiplt_build_prompt(self) -> str:
            raise error

    with pytest.raises(Refused) as refused:
        toy_language(("clumsy", Raising())).build_prompt(FUNCTION, "completion", False)
    for part in ("plugin of toy", "clumsy", "multiplt_build_prompt", f"{type(error).__name__}: boom"):
        assert part in str(refused.value)


def test_refusals_and_interrupts_pass_through() -> None:
    for error in (Refused("no sets"), KeyboardInterrupt()):

        class Raising:
            @hookimpl(tryfirst=True)
            def multiplt_clean(self, error: Any = error) -> None:
                raise error

        with pytest.raises(type(error)):
            toy_language(("clumsy", Raising())).clean(None, None)  # type: ignore[arg-type]


def test_what_plugins_register() -> None:
    class Registers:
        @hookimpl
        def multiplt_register_sandboxes(self, register: Callable[[str, Any], None]) -> None:
            register("mine", 1)

    hook = toy_plugins(("one", Registers())).manager.hook.multiplt_register_sandboxes
    assert collect(hook, ("none", 0)) == {"none": 0, "mine": 1}
    with pytest.raises(MultipltError, match="two plugins register 'mine'"):
        collect(hook, ("mine", 0))


def test_the_toy_has_the_size_of_a_plugin() -> None:
    assert len(Path(toy.__file__).read_text(encoding="utf-8").splitlines()) <= 150
    assert installed() is installed()
