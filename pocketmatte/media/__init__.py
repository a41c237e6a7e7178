"""Pictures in and out: photos, backgrounds, composites, batches."""
