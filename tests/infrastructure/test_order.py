"""What waits for what: by Terraform's own graph, which knows references and depends_on."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from local.account import LocalAccount
from scripts.bench_plan.__main__ import configuration

_EDGE = re.compile(r'^\s*"module\.personalize\.(.+)" -> "module\.personalize\.(.+)"', re.MULTILINE)

FILTER, GUARD = "aws_lambda_invocation.filter", "aws_lambda_invocation.guard"
MAPPING, RECURSION = "aws_lambda_event_source_mapping.step", "aws_lambda_function_recursion_config.step"

Graph = Mapping[str, frozenset[str]]
"""A resource of the module → all that it waits for, at first hand or not."""


@pytest.fixture(scope="module")
def graph(account: LocalAccount) -> Graph:
    """Ask Terraform."""
    terraform = configuration(account, 1)
    terraform.init()
    direct: dict[str, set[str]] = {}
    for one, other in _EDGE.findall(terraform.graph()):
        direct.setdefault(one, set()).add(other)

    def all_of(name: str) -> frozenset[str]:
        found, open_still = set[str](), {name}
        while open_still:
            new = direct.get(open_still.pop(), set()) - found
            found |= new
            open_still |= new
        return frozenset(found)

    return {name: all_of(name) for name in direct}


def test_nothing_waits_for_filters_but_the_guards(graph: Graph) -> None:
    """One that Personalize refuses holds up no run."""
    assert {name for name, after in graph.items() if FILTER in after} == {GUARD, "aws_lambda_invocation.bucket_guard"}


def test_guards_are_destroyed_before_anything_else(graph: Graph) -> None:
    """So they wait for all: a destroy that will be refused takes nothing away."""
    assert {name for name in graph if name.startswith("aws_")} - graph["aws_lambda_invocation.bucket_guard"] == {
        "aws_lambda_invocation.bucket_guard"
    }


def test_no_message_is_delivered_before_its_function_may_be_part_of_a_loop(graph: Graph) -> None:
    assert RECURSION in graph[MAPPING]
