#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image for the assignment.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends python3 python3-venv libseccomp2
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or newer is needed. Choose a newer base image in the assignment's settings." >&2
  exit 1
}
python3 -m venv "$root/venv"
"$root/venv/bin/pip" install --quiet --constraint "$root/source/requirements.lock" "$root/source[grader]"
