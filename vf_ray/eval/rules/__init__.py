"""Scoring rules that read an answer as a benchmark's publisher does."""
