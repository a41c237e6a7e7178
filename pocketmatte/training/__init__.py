"""Train a network from a recipe: `train(recipe, data, out)`."""
