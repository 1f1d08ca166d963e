#!/bin/sh
# Runs after `npm ci`, and only if the Node that it brought does not start: Node 26 is linked against libatomic, which
# small Debian and Ubuntu images lack.
set -eu

if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing libatomic1, which Node needs."
  export DEBIAN_FRONTEND=noninteractive
  apt-get update && apt-get install -y --no-install-recommends libatomic1
fi >&2

node --version >/dev/null || {
  echo "The Node that npm has installed does not start on this machine. On Debian and Ubuntu it lacks one library:"
  echo "  sudo apt-get install libatomic1"
  exit 1
} >&2
