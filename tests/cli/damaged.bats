#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Histories whose CRCs are right and whose content is not: judge and history say in one sentence where,
# exit 2. (What CRCs find is in judge.bats, the parsers by themselves are fuzzed.)

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	common_setup
	"$SELFTEST" --out run self/pass >/dev/null 2>&1
	CASE=run/cases/self.pass.vm-write
	cp "$CASE/history.bin" whole
}

# damage CODE - run Python on the history: data is its bytes, event(n) where event n begins, put(at, bytes,
# value) changes a number; header and CRCs are made right afterwards
damage() {
	python3 - "$1" "$CASE/history.bin" <<-'END'
	import struct, sys
	data = bytearray(open("whole", "rb").read())

	def crc32c(part):
	    crc = 0xffffffff
	    for byte in part:
	        crc ^= byte
	        for _ in range(8):
	            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
	    return crc ^ 0xffffffff

	def event(n):
	    return 72 + 48 * n

	def put(at, size, value):
	    data[at:at + size] = value.to_bytes(size, "little")

	def get(at, size):
	    return int.from_bytes(data[at:at + size], "little")

	events, cells = get(48, 8), get(56, 8)
	exec(sys.argv[1])
	end = 72 + 48 * events + 64 * cells
	put(68, 4, crc32c(data[:68]))
	put(end, 4, crc32c(data[72:end]))
	open(sys.argv[2], "wb").write(data)
	END
}

# refused WORDS - by both commands; nothing is changed. A sentence may begin with a capital.
refused() {
	tree run >before
	said "$CASE: history.bin: " "$PINPROOF" history "$CASE"
	[[ ${stderr,,} == *": history.bin: $1"* ]]
	run --separate-stderr "$SELFTEST" judge run
	echo "status $status: $output $stderr"
	[ "$status" -eq 2 ]
	one_line pinproof "case self/pass/vm-write: history.bin: "
	[[ ${stderr,,} == *": history.bin: $1"* ]]
	tree run | diff before -
}

@test "the tool itself: what is not damaged is taken" {
	damage "pass"
	cmp whole "$CASE/history.bin"
	run --separate-stderr -0 "$PINPROOF" history "$CASE"
	run --separate-stderr -0 "$SELFTEST" judge run
}

@test "another version, an older and a newer one" {
	damage "put(8, 4, get(8, 4) + 1)"
	refused "byte 8 of the history: version "
	# the verbs had other numbers then
	damage "put(8, 4, 2)"
	refused "byte 8 of the history: version 2 is not version 3, "
	damage "put(8, 4, 0)"
	refused "byte 8 of the history: version 0 is not version "
}

@test "times that go backwards" {
	# the third event begins before the second
	damage "put(event(1), 8, get(event(1), 8) + 1); put(event(2), 8, get(event(1), 8) - 1); put(event(2) + 8, 8, 1 << 60)"
	refused "byte 168 of the history: event 2 (op "
	[[ $stderr == *"begins before the event in front of it"* ]]
	# an event that ends before it begins
	damage "put(event(2) + 8, 8, get(event(2), 8) - 1)"
	refused "byte 176 of the history: event 2 (op "
	[[ $stderr == *"ends before it begins"* ]]
}

@test "what the plan does not have" {
	damage "put(event(1) + 28, 4, 123456)"
	refused "event 1 (op 123456) names an operation that the plan does not have"
	damage "put(event(1) + 44, 1, 200)"
	refused "event 1 (op "
	[[ $stderr == *"another actor"* ]]
}

@test "more events than there are, unknown verbs and flags, bytes behind the end" {
	damage "put(48, 8, events + 1)"
	refused "byte "
	damage "put(48, 8, 1 << 60)"
	refused "byte "
	damage "put(event(1) + 45, 1, 255)"
	refused "byte 165 of the history: event 1 (op "
	damage "put(event(1) + 47, 1, 128)"
	refused "byte 167 of the history: event 1 (op "
	damage "data.extend(b'more')"
	refused "byte "
}
