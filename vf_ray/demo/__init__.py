"""Real pictures with real labels, written out in published layouts; nothing is downloaded."""
