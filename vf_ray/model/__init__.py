"""Models: assembled, fed, packed, tuned in parts, saved as the field loads them.

In: folders of published weights, conversations, encoded images. Out: a folder that transformers and vLLM
load, and a forward pass that takes many conversations in one row and returns the loss of each label token.

Read in this order: families/family.py (what a model family says), families/llava15.py (one that does),
encoded.py (what a conversation becomes), attention.py (packing), packed_model.py (the forward pass).
"""
