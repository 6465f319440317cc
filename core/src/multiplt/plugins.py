"""Plugins: discovery, guarded loading, and the languages that came of it."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy

from multiplt import builtin, hookspecs
from multiplt.errors import MultipltError, Refused
from multiplt.execute.plan import ExecutionPlan, Limits, Outcome, Program
from multiplt.functions import Function
from multiplt.hookspecs import PROJECT, Check, Cleaned, Results, Style, Suite
from multiplt.problems import Completion, Problem
from multiplt.spec import CONTRACT, LanguageSpec

DISABLE = "MULTIPLT_DISABLE_PLUGINS"
"""Names of plugins (entry points) to keep out, separated by commas; `all` keeps every one out."""

T = TypeVar("T")


@dataclass(frozen=True)
class Broken:
    """A plugin that could not be used, and why."""

    name: str
    distribution: str
    error: str


class BoundLanguage:
    """One language's hooks, bound to it: other languages' plugins are not asked.

    Every method is the hook of the same name without the argument `language`.
    """

    def __init__(self, spec: LanguageSpec, hooks: Mapping[str, pluggy.HookCaller], distribution: str) -> None:
        self.spec = spec
        self.distribution = distribution
        self._hooks = hooks

    def _call(self, hook: str, **arguments: Any) -> Any:
        try:
            answer = self._hooks[hook](language=self.spec.name, **arguments)
        except (MultipltError, KeyboardInterrupt, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            asked = ", ".join(implementation.plugin_name for implementation in self._hooks[hook].get_hookimpls())
            failure = f"{type(error).__name__}: {error}"
            raise Refused(f"the plugin of {self.spec.name} ({asked}) failed in {hook}: {failure}") from error
        if answer is None:
            raise MultipltError(f"no plugin answers {hook} for {self.spec.name}; {self.distribution} should.")
        return answer

    def build_prompt(self, function: Function, style: Style, canonical: bool) -> str:
        prompt: str = self._call("multiplt_build_prompt", function=function, style=style, canonical=canonical)
        return prompt

    def translate_tests(self, function: Function) -> Suite:
        suite: Suite = self._call("multiplt_translate_tests", function=function)
        return suite

    def extract_completion(self, problem: Problem, text: str) -> Completion:
        completion: Completion = self._call("multiplt_extract_completion", problem=problem, text=text)
        return completion

    def build_stub(self, problem: Problem, mark: str) -> Completion:
        completion: Completion = self._call("multiplt_build_stub", problem=problem, mark=mark)
        return completion

    def build_program(self, problem: Problem, completion: Completion) -> Program:
        program: Program = self._call("multiplt_build_program", problem=problem, completion=completion)
        return program

    def execution_plan(self, program: Program, limits: Limits) -> ExecutionPlan:
        plan: ExecutionPlan = self._call("multiplt_execution_plan", program=program, limits=limits)
        return plan

    def parse_result(self, problem: Problem, program: Program, outcome: Outcome) -> Results:
        results: Results = self._call("multiplt_parse_result", problem=problem, program=program, outcome=outcome)
        return results

    def clean(self, problem: Problem, completion: Completion) -> Cleaned:
        cleaned: Cleaned = self._call("multiplt_clean", problem=problem, completion=completion)
        return cleaned

    def doctor(self) -> list[Check]:
        return [check for checks in self._call("multiplt_doctor") for check in checks]


class Plugins:
    """The loaded plugins: a pluggy manager, the languages by name, and the plugins that are broken.

    >>> Plugins.discover().language("toy")  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.broken: list[Broken] = []
        self._specs: dict[str, tuple[LanguageSpec, object, str]] = {}
        self._names: dict[str, str] = {}

    @classmethod
    def discover(cls) -> Plugins:
        """Load every installed plugin of the entry point group `multiplt`, one broken plugin never hurting another."""
        plugins = cls()
        plugins.register(builtin, PROJECT)
        disabled = {name.strip() for name in os.environ.get(DISABLE, "").split(",")}
        for entry_point in entry_points(group=PROJECT):
            if "all" not in disabled and entry_point.name not in disabled:
                plugins._load(entry_point)
        return plugins

    def _load(self, entry_point: EntryPoint) -> None:
        distribution = entry_point.dist.name if entry_point.dist else entry_point.value
        try:
            self.register(entry_point.load(), entry_point.name, distribution)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may even call sys.exit
            text = str(error) if isinstance(error, MultipltError) else f"{type(error).__name__}: {error}"
            self.broken.append(Broken(entry_point.name, distribution, text))

    def register(self, plugin: object, name: str, distribution: str = "") -> None:
        """Add one plugin; raises `MultipltError` where it does not keep the contract."""
        if isinstance(plugin, type):
            raise MultipltError(f"the plugin {name} is a class; make it an instance: plugin = {plugin.__name__}()")
        if self.manager.has_plugin(name):
            raise MultipltError(f"there are two plugins {name}; uninstall one of them")
        try:
            self.manager.register(plugin, name)
            self.manager.check_pending()
            spec = self._spec_of(plugin)
            if spec is not None:
                self._add_language(spec, plugin, distribution or name)
        except BaseException as error:
            if self.manager.is_registered(plugin):
                self.manager.unregister(plugin)
            if isinstance(error, pluggy.PluginValidationError):
                raise MultipltError(" ".join(str(error).split())) from error
            raise

    def _spec_of(self, plugin: object) -> LanguageSpec | None:
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        specs = self.manager.subset_hook_caller("multiplt_language_spec", remove_plugins=others)()
        if not specs:
            return None
        if not isinstance(specs[0], LanguageSpec):
            raise MultipltError(f"multiplt_language_spec answered a {type(specs[0]).__name__}, not a LanguageSpec")
        return specs[0]

    def _add_language(self, spec: LanguageSpec, plugin: object, distribution: str) -> None:
        if spec.contract != CONTRACT:
            mend = "multiplt" if spec.contract > CONTRACT else distribution
            raise MultipltError(
                f"{spec.name} was written for version {spec.contract} of the contract, this is {CONTRACT}; "
                f"upgrade it: pip install --upgrade {mend}"
            )
        names = [name.lower() for name in spec.names]
        for name in names:
            if name in self._names:
                owner = self._specs[self._names[name]][2]
                raise MultipltError(f"the name {name} is taken by {owner}; uninstall one of the two")
        self._specs[spec.name] = (spec, plugin, distribution)
        self._names.update(dict.fromkeys(names, spec.name))

    @property
    def languages(self) -> list[str]:
        """The canonical names of the languages that are there, sorted."""
        return sorted(self._specs)

    def language(self, name: str) -> BoundLanguage:
        """The language called `name` (canonical, tag or alias); an unknown one names what to install."""
        canonical = self._names.get(name.lower())
        if canonical is None:
            raise self._unknown(name)
        spec, plugin, distribution = self._specs[canonical]
        others = [other for _, other, _ in self._specs.values() if other is not plugin]
        return BoundLanguage(spec, self._bound(others), distribution)

    def _bound(self, others: Iterable[object]) -> dict[str, pluggy.HookCaller]:
        return {
            name: self.manager.subset_hook_caller(name, remove_plugins=others)
            for name, hook in vars(self.manager.hook).items()
            if isinstance(hook, pluggy.HookCaller) and hook.spec and "language" in hook.spec.argnames
        }

    def _unknown(self, name: str) -> MultipltError:
        broken = next((plugin for plugin in self.broken if plugin.name == name.lower()), None)
        if broken:
            return MultipltError(f"the plugin {broken.name} ({broken.distribution}) is broken: {broken.error}")
        installed = f"installed: {', '.join(self.languages) or 'none'}"
        close = difflib.get_close_matches(name.lower(), self._names, 1)
        meant = f"did you mean {close[0]}? If not: " if close else ""
        package = f"multiplt-lang-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}"
        return MultipltError(f"language {name!r} is not installed; {meant}pip install {package} ({installed})")


def collect(hook: Callable[..., Any], *factories: tuple[str, T]) -> dict[str, T]:
    """What plugins register through a `multiplt_register_…` hook, by name, after the core's own `factories`."""
    registered = dict(factories)

    def register(name: str, factory: T) -> None:
        if name in registered:
            raise MultipltError(f"two plugins register {name!r}; uninstall one of them")
        registered[name] = factory

    hook(register=register)
    return registered


@cache
def installed() -> Plugins:
    """The plugins of this process, discovered once."""
    return Plugins.discover()
