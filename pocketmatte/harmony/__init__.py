"""From two layers to a change of the person's colours; the filter `harmonize` carries it out."""
