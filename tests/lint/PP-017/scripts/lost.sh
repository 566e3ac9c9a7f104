# shellcheck shell=bash
cd "$1"
