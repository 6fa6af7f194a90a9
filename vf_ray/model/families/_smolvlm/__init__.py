"""What SmolVLM alone uses."""
