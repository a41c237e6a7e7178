"""From an image to a matte: preprocessing, refinement, foreground colours, the pipeline."""
