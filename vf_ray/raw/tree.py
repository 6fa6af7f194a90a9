"""A source's raw files as one tree, however they lie.

Each Raw is looked for under the raw root by its name: a folder (with unpacked files, archives, or
both) or one archive; a fetched one lies where the fetch step put its files. What is not there by name is
looked for in the root itself, where everything may be merged; a Raw's loose files may lie there in any
case, for what looks like the Raw's folder may be its publisher's own. Within each, a path is tried as the
publisher ships it, inside one extra folder, and without its outermost folder, because archives are
unpacked in all three ways; the last comes last, for what is left of a path may name other files too.
"""

import contextlib
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import product
from threading import RLock
from typing import IO
from unicodedata import normalize

from vf_ray.errors import MissingError, UserError
from vf_ray.raw.archives import ARCHIVES
from vf_ray.raw.mounts import Folder, Loose, Mount, folder_spellings, join, matching, spellings, split_pattern
from vf_ray.raw.nested import in_folders, mounted, with_archives
from vf_ray.raw.oddities import oddities
from vf_ray.raw.passages import CountRecords, Selective, SplitFile
from vf_ray.raw.places import Place, direct, extra, files, nothing_else, stripped, wrapped
from vf_ray.store import Store
from vf_ray.types import Raw, Tree

STRIPPED, GUESSED, ALONE = 2, 5, 6
"""Numbers of some of the ways in which a folder is looked for: without its outermost folder, by a guess
from here on, and both, in a root where nothing has a Raw's name."""

FetchedFiles = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Names of Raws that do not lie below the root, each with name and URL of its files."""


@dataclass(frozen=True)
class RawTree(Tree):
    """The raw files of one source; picklable, opens everything on first use in each process.

    Threads may share it.
    """

    url: str
    """Empty where everything is fetched."""
    raws: tuple[Raw, ...] = ()
    fetched: FetchedFiles = ()
    keep: Store | None = None
    """Where what opening large archives of a bucket takes is kept for other processes."""
    _lookup: "_Lookup" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lookup", _Lookup(self.url, self.raws, self.fetched, self.keep))

    @classmethod
    def of(
        cls, url: str, raws: Sequence[Raw] = (), fetched: FetchedFiles = (), keep: Store | None = None
    ) -> "RawTree":
        """Return the tree of ``raws`` below ``url``: a path, ``file://`` or ``s3://``."""
        return cls(url, tuple(raws), fetched, keep)

    def __reduce__(self) -> tuple[type["RawTree"], tuple[str, tuple[Raw, ...], FetchedFiles, Store | None]]:
        return type(self), (self.url, self.raws, self.fetched, self.keep)

    def read(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: if it is not there; says what to obtain.
            ValueError: if the path leads outside the tree.
        """
        safe = inside(path)
        parent, _, name = safe.rpartition("/")
        for place in next(iter(self._lookup.tiers(parent)))[:1]:  # the usual case, in one request
            with contextlib.suppress(FileNotFoundError):
                return place.mount.read(join(place.directory, name))
        place, real_path = self._found(safe)
        return place.mount.read(real_path)

    def open(self, path: str) -> IO[bytes]:
        """Return a file as a seekable binary stream; raises like ``read``."""
        place, real_path = self._found(inside(path))
        return place.mount.open(real_path)

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file inside the tree."""
        try:
            return self._lookup.find(inside(path)) is not None
        except ValueError:
            return False

    def glob(self, pattern: str) -> Sequence[str]:
        """Return the files that match, sorted; ``*`` stays within a folder, ``**`` does not."""
        return self._lookup.glob(inside(pattern))

    def _found(self, path: str) -> tuple[Place, str]:
        if (hit := self._lookup.find(path)) is not None:
            return hit
        where = f"below {self.url}" if self.url else "among the fetched ones"
        remedies = ". ".join((*self._lookup.oddities(), self._remedy()))
        raise MissingError(f"no file {path!r} {where}; {remedies}")

    def _remedy(self) -> str:
        if not self.raws:
            return "check the raw root"
        return ". ".join(f"Raw {raw.name!r}: {raw.obtain.rstrip('.')}" for raw in self.raws)


def inside(path: str) -> str:
    """Return ``path`` in its plain form.

    Raises:
        ValueError: if it leads outside the tree.
    """
    plain = posixpath.normpath(path.replace("\\", "/"))
    if not path or "\0" in path or plain.startswith(("/", "..")) or re.match("[A-Za-z]:(/|$)", plain):
        raise UserError(f"path {path!r} leads outside the tree; expected one relative to its root")
    return plain


class _Lookup:
    """Finds paths in mounts; remembers where folders were found, never where files were."""

    def __init__(self, url: str, raws: Sequence[Raw], fetched: FetchedFiles, keep: Store | None) -> None:
        self._keep = keep
        self._url = url
        self._raws = raws
        self._fetched = dict(fetched)
        self._tiers: dict[tuple[str, int], tuple[Place, ...]] = {}
        self._opening = RLock()

    @cached_property
    def _root(self) -> Folder | Loose:
        return Folder(Store.open(self._url)) if self._url else Loose({})

    @cached_property
    def _named(self) -> tuple[tuple[Mount, ...], bool]:
        """Return the mounts of the Raws found by name, and whether all were."""
        each = [tuple(self._mounts_of(raw.name)) for raw in self._raws]
        return tuple(m for mounts in each for m in mounts), bool(each) and all(each)

    def _mounts_of(self, name: str) -> Iterator[Mount]:
        if name in self._fetched:
            yield from with_archives(Loose(dict(self._fetched[name])), self._keep)
        elif isinstance(self._root, Folder):
            yield from self._given(self._root, name)

    def _given(self, root: Folder, name: str) -> Iterator[Mount]:
        if root.is_dir(name):
            yield from with_archives(root.below(name), self._keep)
        for archive in (f"{name}{end}" for end in ARCHIVES):
            if root.is_file(archive):
                yield from mounted(root, archive, self._keep)

    def oddities(self) -> list[str]:
        """Return what to do with what lies there, or in archives, and is not read."""
        opened = (*self._named[0], *self._merged)
        archives = (mount for mount in opened if not isinstance(mount, Folder | Loose))
        return oddities(self._root, [raw.name for raw in self._raws], archives)

    @cached_property
    def _merged(self) -> tuple[Mount, ...]:
        complete = self._named[1] or not self._root.is_dir("")
        return () if complete else tuple(with_archives(self._root, self._keep))

    def tiers(self, parent: str) -> Iterator[tuple[Place, ...]]:
        """Yield the folders that ``parent`` may mean, surest first; the last ones are guesses.

        What nobody asks for is not looked for: in a bucket each look is a request.
        """
        return (self._tier(parent, number) for number in range(len(self._looks)))

    def _tier(self, parent: str, number: int) -> tuple[Place, ...]:
        if (parent, number) not in self._tiers:
            with self._opening:  # else threads that come together would each open every archive
                self._tiers[parent, number] = tuple(self._looks[number](parent))
        return self._tiers[parent, number]

    @cached_property
    def _looks(self) -> tuple[Callable[[str], Iterator[Place]], ...]:
        named = self._named[0]
        alone = () if named else self._merged
        return (
            partial(direct, named),
            lambda parent: wrapped(self._extra_named, parent),
            partial(self._stripped, named),
            self._in_archives_of_its_name,
            lambda parent: direct(self._merged, parent),
            lambda parent: wrapped(self._extra_merged, parent),
            lambda parent: stripped(alone, parent),
        )

    @cached_property
    def _extra_named(self) -> tuple[Place, ...]:
        return tuple(extra(self._named[0]))

    @cached_property
    def _extra_merged(self) -> tuple[Place, ...]:
        return tuple(extra(self._merged))

    @cached_property
    def _in_folders(self) -> tuple[Mount, ...]:
        return tuple(in_folders(self._named[0]))

    def _in_archives_of_its_name(self, parent: str) -> Iterator[Place]:
        yield from direct(self._in_folders, parent)
        yield from wrapped(tuple(extra(self._in_folders)), parent)
        yield from stripped(self._in_folders, parent)

    def _stripped(self, named: Sequence[Mount], parent: str) -> Iterator[Place]:
        yield from stripped(named, parent)
        below, _, _ = parent.partition("/")[2].partition("/")
        if any(below == raw.name for raw in self._raws):  # its folder was taken for the Raw's
            yield from stripped((self._root,), parent)

    def find(self, path: str) -> tuple[Place, str] | None:
        parent, _, name = path.rpartition("/")
        for folder, spelling in product(folder_spellings(parent), spellings(name)):
            for number, places in enumerate(self.tiers(folder)):
                matches = files(places, spelling)
                if number >= GUESSED:  # of two, one is another source's
                    matches = iter(hits) if len(hits := list(matches)) == 1 else iter(())
                if (hit := next(matches, None)) is not None:
                    return hit
        loose = any(path in raw.loose for raw in self._raws) and self._root.is_file(path)
        return (Place(self._root, ""), path) if loose else None

    def glob(self, pattern: str) -> list[str]:
        fixed, rest = split_pattern(pattern)
        depth = None if "**" in rest else rest.count("/") + 1
        for folder, number in product(folder_spellings(fixed), range(len(self._looks))):
            if depth is None and number in (STRIPPED, ALONE) and "/" not in folder:  # ** would match too much
                continue
            places = self._tier(folder, number)
            below = {normalize("NFC", path) for place in places for path in place.below(depth)}
            paths = matching(rest, below)
            if paths and (number != ALONE or self._is_own(folder) or nothing_else(places, below, paths)):
                return [join(fixed, path) for path in paths]
        return []

    def _is_own(self, folder: str) -> bool:
        """Tell whether what is left of a folder's path, in a merged root without it, is a source's own."""
        return "/" in folder or folder == posixpath.basename(self._url)


def existing(
    tree: Tree, files: Mapping[str, str | tuple[str, ...]], count: CountRecords | None = None
) -> list[SplitFile]:
    """Return (split, path) of the files that are there; a tuple names alternatives, best first.

    A key may go on after a blank (``train 2``) where a split has several files. Of a passage only those that
    it has; ``count`` is given by a reader of lines, and says that it reads any extent of a file.

    Raises:
        FileNotFoundError: if none is there; says what to obtain.
    """
    choices = {split: (paths,) if isinstance(paths, str) else paths for split, paths in files.items()}
    present = [
        (split.partition(" ")[0], path)
        for split, paths in choices.items()
        if (path := next((p for p in paths if tree.exists(p)), None)) is not None
    ]
    if not present:
        tree.open(next(iter(choices.values()))[0])
    return tree.own(present, count) if isinstance(tree, Selective) else present


def several(tree: Tree, split: str, pattern: str) -> dict[str, str]:
    """Return the files of one split that match, as ``existing`` takes them.

    Raises:
        FileNotFoundError: if none does; says what to obtain.
    """
    if not (paths := tree.glob(pattern)):
        tree.open(pattern)
    return {f"{split} {number}": path for number, path in enumerate(paths)}


def first_existing(tree: Tree, *paths: str) -> str:
    """Return the first path that is there, or the first of all where none is."""
    return next((path for path in paths if tree.exists(path)), paths[0])
