"""What makes a network fail: disturbed pictures, and groups of pictures that differ."""
