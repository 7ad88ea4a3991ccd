#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image: Python 3.11 or newer, bubblewrap, and the
# packages that the grader needs, in an environment of their own.
set -euo pipefail
root="${AUTOGRADER:-/autograder}"

newest() {
  for python in python3.14 python3.13 python3.12 python3.11 python3; do
    "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
      { command -v "$python"; return; }
  done
  return 1
}

missing=()
newest >/dev/null || missing+=(python3.11 python3.11-venv)
command -v bwrap >/dev/null || missing+=(bubblewrap)
if ((${#missing[@]})); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

"$(newest)" -m venv "$root/python"
"$root/python/bin/python" -m pip install --quiet --disable-pip-version-check \
  --constraint "$root/source/constraints.txt" --requirement "$root/source/needed.txt"
