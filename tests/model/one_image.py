"""What a conversation shows where one image of any size does."""

ONE = [(16, 16)]
