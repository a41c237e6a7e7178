"""How good a matte is: metrics, the evaluation of a data split, and sheets to look at."""
