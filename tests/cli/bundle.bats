#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bundles: what a failure leaves, what can be done with it, and what is refused.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
}

# failed - a run whose only case fails by a planted fault: directory o, file $bundle
failed() {
	cat >file <<-'EOF'
		pinproof-plan 1
		case bundled/anon/vm-write
		backing anon
		pinner vm-write
		seed 5
		rules O1 O4 O12
		bound 20s
		region data backing=anon size=4K
		actor main
		op 1 main map data
		op 2 main store data gen=1
		op 3 main vm-write data gen=2
		op 4 main load data
	EOF
	run --separate-stderr -1 "$PINPROOF" replay --plant drop --out o file
	bundle=o/bundles/bundled.anon.vm-write.pinproof.tar.gz
}

# tar_of CODE - bad.tar.gz, made by Python: add(name, data), link(name, target, kind) are there
tar_of() {
	python3 - "$1" <<-'EOF'
		import io, sys, tarfile
		source = tarfile.open("o/bundles/bundled.anon.vm-write.pinproof.tar.gz")
		out = tarfile.open("bad.tar.gz", "w:gz")
		def copy(skip=()):
		    for m in source.getmembers():
		        if m.name.split("/", 1)[1] not in skip:
		            out.addfile(m, source.extractfile(m))
		def add(name, data):
		    m = tarfile.TarInfo(name)
		    m.size = len(data)
		    out.addfile(m, io.BytesIO(data))
		def link(name, target, kind):
		    m = tarfile.TarInfo(name)
		    m.type = kind
		    m.linkname = target
		    out.addfile(m)
		exec(sys.argv[1])
		out.close()
	EOF
}

# refused WORDS - by every command that opens bundles; nothing is left behind, here or in TMPDIR
refused() {
	local before
	before=$(ls -A . tmp)
	said "$1" "$PINPROOF" show bad.tar.gz
	said "$1" "$PINPROOF" judge bad.tar.gz
	said "$1" "$PINPROOF" history bad.tar.gz
	said "$1" "$PINPROOF" replay --out never bad.tar.gz
	[ "$(ls -A . tmp)" = "$before" ]
}

@test "a failure leaves a bundle, and the report names it" {
	failed
	[[ $output == *"# bundle: $bundle"* ]]
	run -0 tar tzf "$bundle"
	for name in README bundle.json findings.txt history.txt facts.json command \
		cases/bundled.anon.vm-write/{plan,history.bin,kmsg.log,ending.json,result.json}; do
		[[ $output == *"bundled.anon.vm-write/$name"* ]] || { echo "no $name" && false; }
	done
	run -0 "$PINPROOF" show "$bundle" findings.txt
	[[ $output == *"O1 coherence, stale"* ]]
	run -0 "$PINPROOF" show "$bundle" history.txt
	[[ $output == *"op=3 vm-write"* && $output == *"op=4 load"* ]]
}

@test "what passes leaves none" {
	failed
	run --separate-stderr -0 "$PINPROOF" replay --out p file
	[ ! -e p/bundles ]
	said "no case of it failed" "$PINPROOF" bundle p
	said "the run has no case 'other'" "$PINPROOF" bundle p other
	run -0 "$PINPROOF" bundle p bundled/anon/vm-write
	[ -s "$output" ]
}

@test "show: what it is, and each of its files" {
	failed
	run -0 "$PINPROOF" show "$bundle"
	[[ ${lines[0]} == "bundled/anon/vm-write: FAIL" ]]
	[[ $output == *"pinproof replay bundled.anon.vm-write.pinproof.tar.gz"* ]]
	run -0 cmp <("$PINPROOF" show "$bundle" plan) o/cases/bundled.anon.vm-write/plan
	run -0 cmp <("$PINPROOF" show "$bundle" cases/\*/history.bin) o/cases/bundled.anon.vm-write/history.bin
	said "a bundle has no file 'nothing'" "$PINPROOF" show "$bundle" nothing
	said "this bundle has no file 'plan.storm'" "$PINPROOF" show "$bundle" plan.storm
}

@test "judge and history take a bundle, and say what they say of the run" {
	failed
	run --separate-stderr -1 "$PINPROOF" judge "$bundle"
	[[ $output == *"not ok 1 bundled/anon/vm-write"* && $output == *"FAIL"* ]]
	run -0 cmp <("$PINPROOF" history "$bundle") <("$PINPROOF" history o/cases/bundled.anon.vm-write)
	[ -z "$(ls -A tmp)" ]
}

@test "replay takes a bundle: without the planted fault the case passes" {
	failed
	run --separate-stderr -0 "$PINPROOF" replay --out again "$bundle"
	[[ $output == *"ok 1 bundled/anon/vm-write"* ]]
	run -0 cmp again/cases/bundled.anon.vm-write/plan o/cases/bundled.anon.vm-write/plan
	[ -z "$(ls -A tmp)" ]
}

@test "unpacked by hand it is the directory of a run" {
	failed
	tar xzf "$bundle"
	run --separate-stderr -1 "$PINPROOF" judge bundled.anon.vm-write
	[[ $output == *"not ok 1 bundled/anon/vm-write"* ]]
}

@test "a bundle that is cut off anywhere is refused" {
	failed
	whole=$(stat -c %s "$bundle")
	for ((n = 2; n < whole; n += whole / 9)); do
		head -c "$n" "$bundle" >bad.tar.gz
		refused "bad.tar.gz"
	done
}

@test "a bundle with a changed byte is refused, or says what it said" {
	failed
	"$PINPROOF" show "$bundle" plan >said
	whole=$(stat -c %s "$bundle")
	for ((n = 12; n < whole; n += whole / 23)); do
		python3 -c '
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[2])] ^= 0x55
open("bad.tar.gz", "wb").write(data)' "$bundle" "$n"
		run --separate-stderr "$PINPROOF" show bad.tar.gz plan
		[[ $status == 0 || $status == 2 ]]
		[ "$status" -eq 2 ] || cmp - said <<<"$output"
		[ -z "$(ls -A tmp)" ]
	done
}

@test "names that lead elsewhere are refused" {
	failed
	tar_of 'copy(); add("../outside", b"x")'
	refused "holds the name '../outside'"
	tar_of 'copy(); add("/tmp/outside", b"x")'
	refused "holds the name '/tmp/outside'"
	tar_of 'copy(); add("bundled.anon.vm-write/../../outside", b"x")'
	refused "is no file of a bundle"
	tar_of 'copy(); add("bundled.anon.vm-write/cases/../../../outside", b"x")'
	refused "is no file of a bundle"
	tar_of 'copy(); add("bundled.anon.vm-write/cases/other/plan", b"x")'
	refused "is no file of a bundle"
	tar_of 'copy(); add("other/seed", b"1")'
	refused "more than one case"
	[ ! -e outside ] && [ ! -e ../outside ] && [ ! -e /tmp/outside ]
}

@test "links, devices and directories are refused" {
	failed
	tar_of 'link("bundled.anon.vm-write/seed", "/etc/passwd", tarfile.SYMTYPE); copy()'
	refused "is no regular file"
	tar_of 'copy(["seed"]); link("bundled.anon.vm-write/seed", "bundled.anon.vm-write/command", tarfile.LNKTYPE)'
	refused "is no regular file"
	tar_of 'copy(["seed"]); link("bundled.anon.vm-write/seed", "", tarfile.FIFOTYPE)'
	refused "is no regular file"
	tar_of 'link("bundled.anon.vm-write/cases", "", tarfile.DIRTYPE); copy()'
	refused "is no regular file"
}

@test "what is twice there, too large, not whole or of another version is refused" {
	failed
	tar_of 'copy(); add("bundled.anon.vm-write/seed", b"1")'
	refused "twice"
	tar_of 'copy(["seed"]); add("bundled.anon.vm-write/seed", b"1" * 65)'
	refused "seed in it is too large"
	tar_of 'copy(["cases/bundled.anon.vm-write/plan"])'
	refused "cases/*/plan is missing"
	tar_of 'copy(["bundle.json"])'
	refused "bundle.json is missing"
	tar_of 'copy(["bundle.json"]); add("bundled.anon.vm-write/bundle.json", b"{\"version\": 99}")'
	refused "of version 99"
	tar_of 'copy(["bundle.json"]); add("bundled.anon.vm-write/bundle.json", b"[")'
	refused "bundle.json"
	tar_of 'copy(["cases.list"]); add("bundled.anon.vm-write/cases.list", b"../../etc\n")'
	refused "does not fit the sums"
	tar_of 'copy(["sums"]); add("bundled.anon.vm-write/sums", b"")'
	refused "does not fit the sums"
	printf 'no bundle' >bad.tar.gz
	said "bad.tar.gz" "$PINPROOF" show bad.tar.gz
	printf '\x1f\x8b' >bad.tar.gz
	refused "bad.tar.gz"
	said "No such file" "$PINPROOF" show missing.tar.gz
}
