"""What the demo's sources stand on, and the terms they share."""

from vf_ray.types import Raw, Terms

OBTAIN = "Run the chain with prepare.raw empty and prepare.fetch off: its first step, fetch, writes this."
GRIDS = Raw(name="demo_grids", obtain=OBTAIN)
ANNOTATIONS = Raw(name="demo_annotations", obtain=OBTAIN)
ARC_TERMS = Terms(
    licence="Apache-2.0", training="yes", redistribution="yes", faces="no",
    stated="github.com/fchollet/ARC-AGI, LICENSE",
)  # fmt: skip
STAND_IN = "Conversation (from templates, a stand-in for GPT-4's answers)"
"""Category of the tasks of stage 2."""
