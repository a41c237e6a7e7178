"""Training data: the folder layout, paired transforms, synthetic composites, torch datasets."""
