"""Names of a LLaVA's tensors, inside the model and in files.

Tensor names are saved as in the published Hugging Face LLaVA-1.5 folders. transformers reads them and
its own newer ones; vLLM and others know the published ones best.
"""

import re

LAYOUT = (
    (r"^model\.language_model\.", "language_model.model."),
    (r"^lm_head\.", "language_model.lm_head."),
    (r"^model\.multi_modal_projector\.", "multi_modal_projector."),
    (r"^(model\.)?vision_tower\.(vision_model\.)?", "vision_tower.vision_model."),
)
"""Names inside the model, and as published."""
ADAPTED = r"\.(lora_|base_layer\.)"
"""What names of tensors hold beside which adapters stand."""
ORIGINAL = "mm_projector_type"
"""A setting that the configurations of LLaVA's authors have."""


def canonical(name: str) -> str:
    """Return the published name of a tensor in a model, or in a file of any version; others stay."""
    for pattern, replacement in LAYOUT:
        if re.match(pattern, name):
            return re.sub(pattern, replacement, name)
    return name
