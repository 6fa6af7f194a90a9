"""LLaVA-1.5, as far as one module cannot hold it; see ``families/llava15.py``."""
