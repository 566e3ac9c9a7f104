# shellcheck shell=bash
cd "$1" || exit
