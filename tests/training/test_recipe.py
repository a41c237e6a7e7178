"""Recipes: the shipped ones are valid, mistakes are named."""

from pathlib import Path

import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model
from pocketmatte.training.recipe import Recipe, load_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipes_load_and_name_a_known_architecture(path):
    create_model(load_recipe(path).architecture)


def test_there_are_recipes():
    assert RECIPES


def test_a_recipe_survives_a_round_trip():
    recipe = Recipe(epochs=3, losses={"l1": 1.0})
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "unknown field 'epoch'"),
        ("epochs: [", "not valid YAML"),
        ("just words", "list of `field: value` lines"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(PocketmatteError, match=message) as error:
        load_recipe(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(PocketmatteError, match="no such recipe"):
        load_recipe(tmp_path / "none.yaml")
