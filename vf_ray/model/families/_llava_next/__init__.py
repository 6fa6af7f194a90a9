"""What LLaVA-NeXT and LLaVA-OneVision share, and nothing else imports."""
