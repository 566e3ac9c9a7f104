#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scripts/vm without a guest: what it says to bad input, and the files it makes.
# tests/console/canaries boots guests. QEMU and apt are stand-ins here.

# shellcheck disable=SC2016 # much here is for another shell
bats_require_minimum_version 1.5.0

setup() {
	TOP=$(readlink -f "$BATS_TEST_DIRNAME/../..")
	VM=$TOP/scripts/vm
	WORK=$(mktemp -d)
	mkdir "$WORK/bin" "$WORK/with space"
	export HOME=$WORK/home XDG_CACHE_HOME="$WORK/cache dir" PATH=$WORK/bin:$PATH
	mkdir "$HOME"
	export PINPROOF=$TOP/tests/console/fake-pinproof
	unset PINPROOF_LIBEXECDIR
	cd "$WORK/with space" || exit
}

teardown() {
	cd /
	[[ ! -e $WORK/full ]] || umount "$WORK/full" 2>/dev/null || true
	rm -rf "$WORK"
}

# stand_in NAME - a program that records its arguments and does what standard input says
stand_in() {
	{
		echo '#!/bin/sh'
		echo "echo \"\$0 \$*\" >>'$WORK/calls'"
		cat
	} >"$WORK/bin/$1"
	chmod +x "$WORK/bin/$1"
}

# a bzImage as far as anyone but QEMU looks: boot protocol magic and version string
bzimage() {
	{
		head -c 514 /dev/zero
		printf HdrS
		head -c 8 /dev/zero
		printf '\x00\x02' # kernel_version: at 0x200 + 0x200
		head -c 496 /dev/zero
		printf '%s (me@here) #1 SMP' "${2:-6.99.0-test}"
		head -c 64 /dev/zero
	} >"$1"
}

one_sentence() {
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} == "pinproof vm "* ]]
}

no_runs() {
	[ -z "$(ls -A)" ]
}

@test "an unknown kernel is one sentence that names the known ones" {
	run "$VM/kernel" debian-9.9
	one_sentence
	[[ $output == *"unknown kernel 'debian-9.9'"*debian-6.1*debian-6.12*linux-image-* ]]
}

@test "an unknown kernel leaves no run directory" {
	run "$VM/run" --kernel debian-9.9 pass-1
	one_sentence
	no_runs
}

@test "a package that apt does not know" {
	stand_in apt-cache <<<'exit 100'
	run "$VM/kernel" linux-image-0.1-none
	one_sentence
	[[ $output == *"apt knows no package 'linux-image-0.1-none'"*"apt-get update"* ]]
}

@test "apt's own reason is told when a download fails, and nothing stays" {
	stand_in apt-cache <<<'case $1 in show) echo "Version: 1-1" ;; esac'
	stand_in apt-get <<<'echo "E: Failed to fetch https://x.invalid  Temporary failure resolving" >&2; exit 100'
	run "$VM/kernel" debian-6.1
	[ "$status" -eq 2 ]
	[[ $output == *"could not download linux-image-amd64=1-1: E: Failed to fetch"* ]]
	[ -z "$(ls -A "$XDG_CACHE_HOME/pinproof/tmp")" ]
	[ ! -e "$XDG_CACHE_HOME/pinproof/names/debian-6.1" ]
}

@test "a kernel in the cache is found without apt" {
	stand_in apt-cache <<<'exit 1'
	stand_in apt-get <<<'exit 1'
	mkdir -p "$XDG_CACHE_HOME/pinproof/names" "$XDG_CACHE_HOME/pinproof/kernels/1-abc"
	touch "$XDG_CACHE_HOME/pinproof/kernels/1-abc/vmlinuz"
	echo 1-abc >"$XDG_CACHE_HOME/pinproof/names/debian-6.1"
	run "$VM/kernel" debian-6.1
	[ "$status" -eq 0 ]
	[ "$output" = "$XDG_CACHE_HOME/pinproof/kernels/1-abc" ]
	[ ! -e "$WORK/calls" ]
}

@test "a meta package is followed to the kernel, whose modules are decompressed" {
	stand_in apt-cache <<-'END'
		case $1.$3 in
		depends.linux-image-amd64) echo "  Depends: linux-image-6.99.0-test" ;;
		esac
		case $1.$3 in show.linux-image-6.99.0-test) echo "Version: 6.99-1" ;; esac
	END
	mkdir -p "$WORK/deb/DEBIAN" "$WORK/deb/boot" "$WORK/deb/lib/modules/6.99.0-test/kernel"
	bzimage "$WORK/deb/boot/vmlinuz-6.99.0-test"
	echo CONFIG_X=y >"$WORK/deb/boot/config-6.99.0-test"
	echo text | xz >"$WORK/deb/lib/modules/6.99.0-test/kernel/a.ko.xz"
	printf 'Package: k\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.invalid>\nDescription: x\n' >"$WORK/deb/DEBIAN/control"
	dpkg-deb -b "$WORK/deb" "$WORK/k.deb" >/dev/null
	stand_in apt-get <<<"for spec; do :; done; cp '$WORK/k.deb' \"\${spec%%=*}.deb\""
	stand_in depmod <<<'exit 0'
	run --separate-stderr "$VM/kernel" debian-6.1
	[ "$status" -eq 0 ]
	[ "$(cat "$output/release")" = 6.99.0-test ]
	[ "$(cat "$output/origin")" = linux-image-6.99.0-test=6.99-1 ]
	[ "$(cat "$output/config")" = CONFIG_X=y ]
	[ "$(cat "$output/lib/modules/6.99.0-test/kernel/a.ko")" = text ]
	[ -z "$(ls -A "$XDG_CACHE_HOME/pinproof/tmp")" ]
}

@test "two at once fetch a kernel once" {
	stand_in apt-cache <<<'case $1 in show) echo "Version: 1-1" ;; esac'
	mkdir -p "$WORK/deb/DEBIAN" "$WORK/deb/boot"
	bzimage "$WORK/deb/boot/vmlinuz-6.99.0-test"
	printf 'Package: k\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.invalid>\nDescription: x\n' >"$WORK/deb/DEBIAN/control"
	dpkg-deb -b "$WORK/deb" "$WORK/k.deb" >/dev/null
	stand_in apt-get <<<"sleep 0.5; cp '$WORK/k.deb' k.deb"
	stand_in depmod <<<'exit 0'
	"$VM/kernel" debian-6.1 >"$WORK/one" 2>/dev/null &
	"$VM/kernel" debian-6.1 >"$WORK/two" 2>/dev/null
	wait $!
	cmp "$WORK/one" "$WORK/two"
	[ "$(grep -c apt-get "$WORK/calls")" -eq 1 ]
}

@test "an own kernel is keyed by content, with and without modules" {
	bzimage "my bzImage"
	run "$VM/kernel" "./my bzImage"
	[ "$status" -eq 0 ]
	first=$output
	[ "$(cat "$first/release")" = 6.99.0-test ]
	run "$VM/kernel" "./my bzImage"
	[ "$output" = "$first" ]
	mkdir -p "mods/lib/modules/6.99.0-test/kernel"
	touch mods/lib/modules/6.99.0-test/{modules.order,kernel/a.ko}
	stand_in depmod <<<'exit 0'
	run "$VM/kernel" "./my bzImage" --modules mods
	[ "$status" -eq 0 ]
	[ "$output" != "$first" ]
	[ -e "$output/lib/modules/6.99.0-test/kernel/a.ko" ]
}

@test "what is not a kernel is refused" {
	echo text >vmlinux
	run "$VM/kernel" ./vmlinux
	one_sentence
	[[ $output == *"not a bzImage"* ]]
	run "$VM/kernel" ./absent
	one_sentence
	bzimage k
	mkdir empty
	run "$VM/kernel" ./k --modules empty
	one_sentence
	[[ $output == *"holds no modules of 6.99.0-test"*INSTALL_MOD_PATH* ]]
}

@test "a missing QEMU is named with its package" {
	mkdir "$WORK/few"
	ln -s -t "$WORK/few" /usr/bin/* 2>/dev/null || true
	rm "$WORK"/few/qemu-system-*
	PATH=$WORK/few run "$VM/run" pass-1
	one_sentence
	[[ $output == *qemu-system-x86_64*"install the package 'qemu-system-x86'"* ]]
	no_runs
}

@test "bad options are one sentence each" {
	for words in --no-such-option '--cpus many' '--cpus 0' '--memory lots' '--timeout -1' '--kernel' \
		'--accel hvf' '--disks 17' '--memory 2G' '--silence 1x' '-x' 'pass-1 -- true' '--'; do
		# shellcheck disable=SC2086 # words are wanted
		run "$VM/run" $words
		[ "$status" -eq 2 ] || { echo "$words: $status"; false; }
		[ "${#lines[@]}" -eq 1 ] || { echo "$words: $output"; false; }
		no_runs
	done
}

@test "no case selected is an error" {
	run "$VM/run" none
	one_sentence
	[[ $output == *"no case is selected"* ]]
	no_runs
}

@test "a cache that cannot be written is one sentence" {
	touch "$WORK/file"
	bzimage k
	XDG_CACHE_HOME=$WORK/file run "$VM/kernel" ./k
	one_sentence
	[[ $output == *XDG_CACHE_HOME* ]]
}

@test "a full disk is one sentence, and nothing stays behind" {
	mkdir "$WORK/full"
	mount -t tmpfs -o size=1M tmpfs "$WORK/full" 2>/dev/null || skip "cannot mount here"
	bzimage k
	XDG_CACHE_HOME=$WORK/full run "$VM/kernel" ./k
	one_sentence
	[[ $output == *"MiB are free"* ]]
	[ -z "$(ls -A "$WORK/full/pinproof/tmp")" ]
}

# A cache with a kernel and an image, so that "run" comes as far as QEMU.
ready() {
	bzimage "$WORK/bz"
	KERNEL=$("$VM/kernel" "$WORK/bz")
	rm "$WORK/bz"
	# as the real one, it cannot cope with blanks in names
	stand_in dracut <<-'END'
		case $VM_DIR$VM_KERNEL$dracutbasedir in *" "*) exit 1 ;; esac
		for out; do :; done
		cd "$dracutbasedir/modules.d/99pinproof" && cp guest-init "$dracutbasedir/../init" &&
			cd "$dracutbasedir/.." && echo init | cpio -o -H newc --quiet >"$out"
	END
}

@test "dry run: QEMU's command is complete and stays in the run directory" {
	ready
	run --separate-stderr "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --disks 3 --append 'a="b c"' --out "o ut" pass-1
	[ "$status" -eq 0 ]
	for want in 'accel tcg,thread=multi' 'memmap=512M!4096M' 'serial=pinproof2' 'serial=pp-job' \
		'name=pinproof.results' 'name=pinproof.ktap' 'a="b c"' 'no-reboot'; do
		[[ $output == *"$want"* ]] || { echo "$want"; false; }
	done
	sh -n "o ut/guest-1/qemu"
	[ "$(cat "o ut/cases")" = pass-1 ]
	[ "$(cat "o ut/seed")" = 1 ]
	[[ $(cat "o ut/command") == "pinproof vm run "*"--append 'a=\"b c\"' --out 'o ut' pass-1" ]]
	[ -z "$(find "o ut" -name 'disk*' -o -name 'monitor*')" ]
}

@test "a plan goes in on a disk of its own, and is kept to be run again" {
	ready
	printf 'case pass-1\n# %s\n' "$(head -c 70000 /dev/zero | tr '\0' x)" >"a plan"
	run --separate-stderr "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out o --plan "a plan" --repeat 2 --plant drop
	[ "$status" -eq 0 ]
	[[ $output == *'file=plan,format=raw,if=none,id=plan,readonly=on'*'serial=pp-plan'* ]]
	sh -n o/guest-1/qemu
	cmp "a plan" o/plan
	cmp -n "$(stat -c %s o/plan)" "a plan" o/guest-1/plan
	[ "$(stat -c %s o/guest-1/plan)" -eq 131072 ]
	[ -z "$(tail -c +$(($(stat -c %s o/plan) + 1)) o/guest-1/plan | tr -d '\n')" ]
	[ "$(cat o/cases)" = pass-1 ]
	run sh -c '. ./o/guest-1/job; echo "$mode $*"'
	echo "$output"
	[[ $output == 'run pinproof replay --repeat 2 --guest '*" --repeat-with pinproof vm run --kernel "*" --plan '$PWD/o/out' --plant drop /run/plan pass-1" ]]
	# the directory of a case has its plan; without one no disk
	mkdir case
	cp "a plan" case/plan
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out p --plan case
	cmp case/plan p/plan
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out q pass-1
	[ ! -e q/plan ]
	[ ! -e q/guest-1/plan ]
	run ! grep pp-plan q/guest-1/qemu
	# again: the plan as it was
	echo "case pass-2" >"a plan"
	run "$VM/again" o
	[ "$status" -eq 0 ]
	cmp o/plan o-again-1/plan
	[ "$(cat o-again-1/cases)" = pass-1 ]
	run sh -c '. ./o-again-1/guest-1/job; echo "$*"'
	[[ $output == *" replay --repeat 2 "*" --plant drop "*"/run/plan pass-1" ]]
}

@test "a plan that is none, or beside something else, is one sentence" {
	ready
	echo "case pass-1" >plan
	for words in '--plan absent' '--plan plan pass-1' '--plan plan -- true' '--plan' '--plan .bashrc'; do
		# shellcheck disable=SC2086 # words are wanted
		run "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out o $words
		[ "$status" -eq 2 ] || { echo "$words: $status"; false; }
		[ "${#lines[@]}" -eq 1 ] || { echo "$words: $output"; false; }
		[ ! -e o ]
	done
}

@test "a profile: its disk, words and memory; the plain guest first" {
	ready
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out o pass-1-swap
	grep -q 'file=swapdisk,.*serial=pp-swap' o/guest-1/qemu
	sh -n o/guest-1/qemu
	[ "$(cat o/guest-1/profile)" = swap ]
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out p pass-1-movable
	grep -q -- '-m 4096M,slots=1,maxmem=6144M' p/guest-1/qemu
	grep -q 'pc-dimm' p/guest-1/qemu
	grep -q 'memhp_default_state=online_movable' p/guest-1/qemu
	sh -n p/guest-1/qemu
	# whatever the case asks for
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out q --profile plain pass-1-movable
	run ! grep -E 'pc-dimm|online_movable|pp-swap|swapdisk' q/guest-1/qemu
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out r pass-1-swap pass-2-alone pass-3
	[ "$(cat r/guest-1/profile)" = plain ]
	run sh -c '. ./r/guest-1/job; echo "$*"'
	[[ $output == *" pass-3" && $output != *pass-[12]* ]]
	[ "$(cat r/cases)" = $'pass-1-swap\npass-2-alone\npass-3' ]
}

@test "a profile that there is not: one sentence before anything boots" {
	ready
	run "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out o --profile huge pass-1
	one_sentence
	[[ $output == *"'huge' is no guest profile: there are plain movable swap numa"* ]]
	run "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out o pass-1-nowhere
	one_sentence
	[ ! -e o ]
}

@test "no pmem, no memmap" {
	ready
	run --separate-stderr "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --pmem 0 --memory 1G pass-1
	[ "$status" -eq 0 ]
	[[ $output != *memmap* ]]
}

@test "the job survives quotes, and init reads the same words" {
	ready
	run "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out o -- printf '%s|' "it's" 'a  b' '$HOME' ''
	[ "$status" -eq 0 ]
	run sh -c '. ./o/guest-1/job; printf "%s:" "$mode"; "$@"'
	[ "$output" = "command:it's|a  b|\$HOME||" ]
	[ $(($(stat -c %s o/guest-1/job) % 512)) -eq 0 ]
}

@test "a run directory is never overwritten" {
	ready
	mkdir taken
	touch taken/file
	run "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out taken pass-1
	one_sentence
	[ -e taken/file ]
	[ "$(ls taken)" = file ]
}

@test "two runs in one second have two directories" {
	ready
	stand_in date <<<'echo 20200101-000000'
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run pass-1
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run pass-1
	[ "$(find pinproof-runs -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
}

@test "an output directory that cannot be made is one sentence" {
	ready
	touch file
	run "$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out file/x pass-1
	one_sentence
	[[ $output == *--out* ]]
}

@test "again repeats kernel, options, cases and seed into a new directory" {
	ready
	"$VM/run" --kernel "$KERNEL" --accel tcg --dry-run --out 'o ut' --seed 77 --shuffle --tier full --append 'x y' pass-2 pass-1
	run "$VM/again" 'o ut'
	[ "$status" -eq 0 ]
	[ "$(cat 'o ut-again-1/seed')" = 77 ]
	cmp 'o ut/cases' 'o ut-again-1/cases'
	diff <(tail -n 3 'o ut/kernel') <(tail -n 3 'o ut-again-1/kernel')
	diff <(sed "s#o ut-again-1#o ut#" 'o ut-again-1/guest-1/qemu') 'o ut/guest-1/qemu'
	run "$VM/again" 'o ut'
	[ -d 'o ut-again-2' ]
}

@test "again with something else than a run directory" {
	mkdir d
	run "$VM/again" d
	one_sentence
	echo 'rm -rf x' >d/command
	touch d/kernel d/seed
	run "$VM/again" d
	one_sentence
}

@test "several kernels: a directory each, the worst exit code" {
	ready
	bzimage other 6.98.0-test
	run --separate-stderr "$VM/run" --kernel "$KERNEL" --kernel ./other --accel tcg --dry-run --out o pass-1
	[ "$status" -eq 0 ]
	[ "$(find o -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
	run "$VM/run" --kernel "$KERNEL" --kernel debian-9.9 --accel tcg --dry-run --out o2 pass-1
	one_sentence
	[ ! -e o2 ]
	# the cases are looked at before any kernel is fetched
	run "$VM/run" --kernel debian-9.9 --kernel "$KERNEL" --accel tcg --dry-run --out o2 none
	one_sentence
	[[ $output == *"no case is selected"* ]]
	[ ! -e o2 ]
}

@test "SIGTERM of a run of several kernels stops the guest that runs, and no other starts" {
	ready
	bzimage other 6.98.0-test
	stand_in qemu-system-x86_64 <<<'exec sleep 100'
	"$VM/run" --kernel "$KERNEL" --kernel ./other --accel tcg --out o pass-1 >/dev/null 2>&1 &
	for _ in {1..100}; do
		[ ! -e "$WORK/calls" ] || ! grep -q qemu-system "$WORK/calls" || break
		sleep 0.1 # poll
	done
	kill -TERM $!
	code=0
	wait $! || code=$?
	[ "$code" -eq 143 ]
	[ "$(cat o/*/status)" = interrupted ]
	[ "$(grep -c qemu-system "$WORK/calls")" -eq 1 ]
	run bash -c 'for p in /proc/[0-9]*/cwd; do readlink $p; done | grep -F "$0/o/"' "$PWD"
	[ "$status" -eq 1 ]
}

@test "KVM that does not boot a guest falls back to tcg, and the answer is remembered" {
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || skip "no /dev/kvm here"
	ready
	stand_in qemu-system-x86_64 <<<'exit 1'
	run --separate-stderr "$VM/accel" "$KERNEL" /dev/null
	[ "$output" = tcg ]
	run --separate-stderr "$VM/accel" "$KERNEL" /dev/null
	[ "$output" = tcg ]
	[ "$(grep -c qemu-system "$WORK/calls")" -eq 1 ]
	stand_in qemu-system-x86_64 <<<'echo "pinproof-init: probe ok" >console'
	rm -r "$XDG_CACHE_HOME/pinproof/accel"
	run --separate-stderr "$VM/accel" "$KERNEL" /dev/null
	[ "$output" = kvm ]
	run "$VM/accel" --accel tcg "$KERNEL" /dev/null
	[ "$output" = tcg ]
}

@test "an image is rebuilt for another program and found for the same" {
	ready
	cp "$PINPROOF" prog
	export PINPROOF=$PWD/prog
	first=$("$VM/image" "$KERNEL")
	[ "$("$VM/image" "$KERNEL")" = "$first" ]
	[ "$(grep -c dracut "$WORK/calls")" -eq 1 ]
	echo '# changed' >>prog
	second=$("$VM/image" "$KERNEL")
	[ "$second" != "$first" ]
	# the base is the same: dracut was not asked again
	[ "$(grep -c dracut "$WORK/calls")" -eq 1 ]
}

@test "an image without the guest's first process is not kept, whatever dracut says" {
	ready
	stand_in dracut <<<'for out; do :; done; echo modules | cpio -o -H newc --quiet >"$out"'
	run "$VM/image" "$KERNEL"
	[ "$status" -eq 2 ]
	[[ $output == *"dracut could not build"* ]]
	[ -z "$(find "$XDG_CACHE_HOME"/pinproof/{bases,images,tmp} -mindepth 1)" ]
}

@test "dracut's failure is told with its messages, and nothing stays" {
	ready
	stand_in dracut <<<'echo "no space left on device"; exit 1'
	run "$VM/image" "$KERNEL"
	[ "$status" -eq 2 ]
	[[ $output == *"no space left"*"dracut could not build"* ]]
	[ -z "$(ls -A "$XDG_CACHE_HOME/pinproof/tmp")" ]
	[ -z "$(ls -A "$XDG_CACHE_HOME/pinproof/images" 2>/dev/null)" ]
}

@test "QEMU that does not start: the reason is in the message, no second guest" {
	ready
	stand_in qemu-system-x86_64 <<<'echo "cannot set up guest memory" >&2; exit 1'
	run "$VM/run" --kernel "$KERNEL" --accel tcg --out o pass-1 pass-2
	[[ $output == *"cannot set up guest memory"* ]]
	[ "$status" -eq 1 ]
	[ ! -e o/guest-2 ]
	[ "$(cat o/status)" = "done" ]
}

@test "a disk that fills up stops the run with a sentence, not with a verdict" {
	mkdir "$WORK/full"
	mount -t tmpfs -o size=80M tmpfs "$WORK/full" 2>/dev/null || skip "cannot mount here"
	ready
	stand_in qemu-system-x86_64 <<<'head -c 100M /dev/zero >results.tar; exec sleep 100'
	run "$VM/run" --kernel "$KERNEL" --accel tcg --out "$WORK/full/o" pass-1
	[ "$status" -eq 2 ]
	[[ $output == *"is full"*--out* ]]
	[[ $output != *PASS* && $output != *CRASH* ]]
	[ "$(cat "$WORK/full/o/status")" = failed ]
	[ -z "$(find "$WORK/full" -name 'disk*')" ]
}

# What the judge says while it gets on is a unit test (test_heartbeat); here it is who listens.
@test "a guest that says how far its judge is lives, one that is silent does not" {
	ready
	stand_in qemu-system-x86_64 <<'END'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	echo "# judging: ${i}000 of 12000 events judged" >>ktap
	sleep 0.5 # poll
done
date +%s >silent-since
exec sleep 100
END
	run "$VM/run" --kernel "$KERNEL" --accel tcg --silence 3 --out o pass-1
	grep -q '^silence: the guest gave no output for 3 s' o/guest-1/ended
	# it was not stopped before it fell silent, and soon after
	[ -s o/guest-1/silent-since ]
}
