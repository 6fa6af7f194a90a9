#!/bin/sh
# Print a Python 3.11 or 3.12 that really runs and can make virtual environments.
# Version managers leave shims that exist and fail, so every candidate on PATH is tried, not only the first.
works() {
    "$1" -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' </dev/null >/dev/null 2>&1
}

if [ -n "$1" ]; then
    works "$1" && { echo "$1"; exit 0; }
    echo "PYTHON=$1 is not a working Python 3.11 or 3.12 with venv; give another, or leave PYTHON out." >&2
    exit 1
fi

folders=$(printf '%s' "$PATH" | tr ':' '\n')
for name in python3.12 python3.11 python3 python; do
    IFS='
'
    for folder in $folders; do
        if [ -x "$folder/$name" ] && works "$folder/$name"; then
            echo "$folder/$name"
            exit 0
        fi
    done
done

cat >&2 <<'END'
No working Python 3.11 or 3.12 with venv was found on PATH.
Install one (Debian, Ubuntu: apt install python3.12 python3.12-venv, or 3.11; Fedora: dnf install python3.12;
macOS: brew install python@3.12) or name one: make PYTHON=/path/to/python3.12 ...
END
exit 1
