"""Judges: an address that speaks OpenAI's protocol, a checkpoint, or replies recorded earlier."""
