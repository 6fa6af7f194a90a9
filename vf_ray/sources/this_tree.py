"""A tree as a key of what is kept open: itself, not one like it, whose files may have changed since."""

from vf_ray.types import Tree


class ThisTree:
    """Equal only for the very same tree, which it keeps."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThisTree) and other.tree is self.tree

    def __hash__(self) -> int:
        return id(self.tree)
