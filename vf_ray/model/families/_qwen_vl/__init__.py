"""What Qwen-VL alone uses; nothing outside this family imports it."""
