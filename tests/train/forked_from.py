"""What the process imports from which ranks are forked: torch and DeepSpeed take seconds."""

import tests.train.rank  # noqa: F401
from vf_ray.train.deepspeed import prepare_process

prepare_process()
import deepspeed  # noqa: E402, F401
