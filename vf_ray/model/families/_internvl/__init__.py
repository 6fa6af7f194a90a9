"""What InternVL alone uses."""
