"""Models: assembled, fed, packed, tuned in parts, saved as the field loads them.

In: folders of published weights, conversations, encoded images. Out: a folder that transformers and vLLM
load, and a forward pass that takes many conversations in one row and returns the loss of each label token.

Read in this order: conversation.py (text to ids and labels), pixels.py (images to tensors), attention.py
(packing), packed.py (the forward pass), assemble.py.
"""
