"""``python -m vf_ray.cli``: the command without its script."""

from vf_ray.cli import app

app(prog_name="vf-ray")
