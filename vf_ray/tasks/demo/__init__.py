"""The demo's sources: real pictures that installed packages carry, written by ``vf_ray.demo``."""
