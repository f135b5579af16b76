"""The shipped tree keeps to its schema, and a tree that does not is refused by name."""

from __future__ import annotations

from importlib.resources import files

import pytest

from cupola.advice.advise import filled
from cupola.advice.drawing import tree_lines
from cupola.advice.tree import Leaf, Node, Tree, TreeError, read_tree
from cupola.advice.walk import Advised
from cupola.cli.context import Context
from cupola.cli.parsing import parsed

from .conftest import Ask
from .test_advice import LEAVES

_TEXT = files("cupola_data").joinpath("advice.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("schema = 1", "schema = 2", "schema is 2"),
        ('root = "good-enough"', 'root = "gone"', "there is no gone"),
        ('branches = { yes = "cheap-enough", no = "prompt-tried" }', 'branches = { yes = "cheap-enough" }', "branches"),
        ('no = "prompting", yes = "failure"', 'no = "good-enough", yes = "failure"', "circle"),
        ('no = "prompting", yes = "failure"', 'no = "failure", yes = "failure"', "never reached: prompting"),
        ('technique = "raft"', 'technique = "magic"', "no technique 'magic'"),
        ('fact = "pairs"\nat_least = 500', 'fact = "pairs"', "a number needs"),
        ('fact = "pairs"\nat_least = 500', 'fact = "pairs"\nat_least = "failure"', "cannot be held"),
        ('fact = "pairs"\nat_least = 500', 'fact = "pairs"\nat_least = true', "at_least cannot be True"),
        ('source = "raft"', 'source = "hearsay"', "no source hearsay"),
        ('id = "rag-mend"\ntechnique', 'id = "rag"\ntechnique', "two leafs are called rag"),
        ('kind = "lead"', 'kind = "vibe"', "no kind 'vibe'"),
        ("hours = [3, 48]\n", "", "hours and their source"),
        ('title = "RAG: look', 'titel = "RAG: look', "unknown key titel"),
        ('assume = "yes"', 'assume = "maybe"', "no branch maybe"),
        ("[[fact]]\nid", "[[fact\nid", "not TOML"),
    ],
)
def test_a_broken_tree_is_refused_with_the_place(before: str, after: str, words: str) -> None:
    assert before in _TEXT
    with pytest.raises(TreeError, match=words):
        read_tree(_TEXT.replace(before, after, 1))


def test_every_command_of_the_tree_is_one_that_cupola_takes(tree: Tree) -> None:
    commands = {leaf.command for leaf in tree.leaves.values()} | {kind.measure for kind in tree.facts.values()}
    for command in filter(None, commands):
        words = filled(command, {}).split()
        assert words[0] == "cupola"
        assert callable(parsed(words[1:], Context()).run), command


def test_every_place_is_drawn_in_full_once(tree: Tree) -> None:
    drawn = [line.place.id for line in tree_lines(tree) if not line.again]
    assert sorted(drawn) == sorted([*tree.nodes, *tree.leaves])


@pytest.mark.parametrize("leaf", LEAVES)
def test_the_way_to_the_advice_is_drawn_unbroken(leaf: str, ask: Ask, tree: Tree) -> None:
    outcome = ask(LEAVES[leaf]).outcome
    assert isinstance(outcome, Advised)
    lines = tree_lines(tree, outcome)
    on_path = [line for line in lines if line.on_path]
    assert [line.place.id for line in on_path] == [*(step.node.id for step in outcome.path), leaf]
    assert [line.branch for line in on_path] == ["", *(step.answer for step in outcome.path)]
    assert [line.place.id for line in lines if line.end] == [leaf]
    assert not any(line.again for line in on_path)
    assert all(isinstance(line.place, Node | Leaf) for line in lines)
