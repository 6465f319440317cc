"""multiplt: training data for the languages that code models are bad at.

This is all that a plugin needs to import; `multiplt.hookspecs` is the contract.
"""

from multiplt.errors import MultipltError, Refused
from multiplt.execute.plan import SERVER_FOLDER, Command, ExecutionPlan, Limits, Outcome, Program, Server
from multiplt.functions import Case, Function, Parameter
from multiplt.hookspecs import Check, Cleaned, Results, Suite, hookimpl
from multiplt.idioms import Idioms
from multiplt.language import Language
from multiplt.problems import Completion, Problem, Status, Strict
from multiplt.spec import CommentSyntax, LanguageSpec, Terms
from multiplt.types import Type, parse_type
from multiplt.values import Value, widened

__all__ = [
    "SERVER_FOLDER",
    "Case",
    "Check",
    "Cleaned",
    "Command",
    "CommentSyntax",
    "Completion",
    "ExecutionPlan",
    "Function",
    "Idioms",
    "Language",
    "LanguageSpec",
    "Limits",
    "MultipltError",
    "Outcome",
    "Parameter",
    "Problem",
    "Program",
    "Refused",
    "Results",
    "Server",
    "Status",
    "Strict",
    "Suite",
    "Terms",
    "Type",
    "Value",
    "hookimpl",
    "parse_type",
    "widened",
]
