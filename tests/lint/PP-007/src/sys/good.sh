# shellcheck shell=bash
mapfile -t TODO <<<"${#TODO[@]}"
