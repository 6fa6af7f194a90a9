"""Sources whose rows are pictures with labels."""

from tests.tasks.tree import Files, Trees, pictures


def pacs() -> Files:
    domains = {"art_painting": "jpg", "cartoon": "jpg", "photo": "jpg", "sketch": "png"}
    things = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")
    return pictures(*(f"pacs/kfold/{d}/{t}/pic_001.{e}" for d, e in domains.items() for t in things))


def mnist_m() -> Files:
    return {
        "mnist_m/mnist_m/mnist_m_train_labels.txt": "00000000.png 5\n00000001.png 0\n",
        "mnist_m/mnist_m/mnist_m_test_labels.txt": "00000000.png 7\n",
        **pictures(
            "mnist_m/mnist_m/mnist_m_train/00000000.png",
            "mnist_m/mnist_m/mnist_m_train/00000001.png",
            "mnist_m/mnist_m/mnist_m_test/00000000.png",
        ),
    }


def dtd() -> Files:
    return {
        "dtd/dtd/labels/labels_joint_anno.txt": "banded/banded_0002.jpg banded lined \n"
        "woven/woven_0001.jpg woven \n",
        **pictures("dtd/dtd/images/banded/banded_0002.jpg", "dtd/dtd/images/woven/woven_0001.jpg"),
    }


TREES: Trees = {"pacs": pacs, "mnist_m": mnist_m, "dtd": dtd}
