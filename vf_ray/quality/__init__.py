"""What came out of preparing, looked at: distributions, duplicates, contamination, size."""
