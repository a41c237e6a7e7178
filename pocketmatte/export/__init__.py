"""From checkpoint to file: `export(checkpoint, out)` writes weights and their card."""
