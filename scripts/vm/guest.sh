# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One guest of a run: its files, its QEMU, and the watch over it until it ends.
# Sourced by scripts/vm/run, which sets OPT, RUN, KERNEL, IMAGE, ACCEL.

INTERRUPTED=0  # exit code, once a signal came
GUEST_BROKEN=0 # QEMU itself failed, or the kernel lacks a driver: another guest would fail as well
GUEST_ALONE=0  # its case may leave a kernel that does not even power off
QEMU_PID=
DEVDAX_MIB=256
# Between regions, and behind the last: adjacent ones merge, and one that ends with the memory is
# "misaligned, unable to map".
GAP_MIB=128
# of the profile: MiB of memory that is plugged in, of the swap disk, or 0; words for the command line
PROFILE=plain PROFILE_DIMM=0 PROFILE_SWAP=0 PROFILE_APPEND=

# guest_profile NAME - what the next guests are made of; false if there is no such profile
guest_profile() {
	local name dimm swap append
	while read -r name dimm swap append; do
		[[ $name = "$1" ]] || continue
		PROFILE=$name PROFILE_DIMM=0 PROFILE_SWAP=0 PROFILE_APPEND=
		[[ $dimm = - ]] || PROFILE_DIMM=$(mib_of "$dimm")
		[[ $swap = - ]] || PROFILE_SWAP=$(mib_of "$swap")
		[[ $append = - ]] || PROFILE_APPEND=$append
		return 0
	done < <(grep -v '^#' "$VM_DIR/profiles.table")
	return 1
}

# shellcheck disable=SC2154 # OPT and the rest are set by run
guest_memory() {
	# q35 puts memory above 2 GiB behind 4 GiB as soon as there is 2816 MiB of it
	local pmem=${OPT[pmem]} low=2048 need
	MEMMAP=
	((pmem > 0)) || return 0
	need=$((low + 2 * (pmem + GAP_MIB) + DEVDAX_MIB + GAP_MIB))
	((need >= 2816)) || need=2816
	((OPT[memory] >= need)) ||
		die "--memory ${OPT[memory]}M leaves no room for the pmem regions; give at least ${need}M, or --pmem 0"
	MEMMAP="memmap=${pmem}M!4096M memmap=${pmem}M!$((4096 + pmem + GAP_MIB))M"
	MEMMAP+=" memmap=${DEVDAX_MIB}M!$((4096 + 2 * (pmem + GAP_MIB)))M pinproof.devdax"
}

guest_traps() {
	trap 'guest_interrupt 130' INT
	trap 'guest_interrupt 143' TERM HUP
}

guest_interrupt() {
	INTERRUPTED=$1
	# A second signal changes nothing here, but may end what collects and judges.
	trap : INT TERM HUP
	note "interrupted: stopping the guest"
	[[ -z $QEMU_PID ]] || kill -TERM "$QEMU_PID" 2>/dev/null
}

# guest_job MODE WORD... - what the guest's init sources. Padded with spaces to whole sectors, and so
# many of them that no partition table's place lies beyond the end (the kernel would complain).
guest_job() {
	local text
	text="mode=$1"$'\n'
	[[ -z ${OPT[insmod]-} ]] || text+="insmod_pre=$(quote "$MODULE_PRE")"$'\n'"insmod_args=$(quote "${OPT[insmod-args]-}")"$'\n'
	text+="set -- $(quote "${@:2}")"$'\n'
	printf '%s%*s' "$text" $((65536 - ${#text} % 65536)) ''
}

# guest_plan - the plan of a replay, padded in the same way with lines that say nothing
guest_plan() {
	local size
	cat -- "$RUN/plan"
	size=$(stat -c %s "$RUN/plan")
	printf '%*s' $((65536 - size % 65536)) '' | tr ' ' '\n'
}

# guest_reports - the text of reports, padded likewise
guest_reports() {
	local size
	cat -- "$RUN/reports"
	size=$(stat -c %s "$RUN/reports")
	printf '%*s' $((65536 - size % 65536)) '' | tr ' ' '\n'
}

# guest_module - a module, padded with zeros behind its end, where nobody looks
guest_module() {
	local size
	size=$(stat -c %s "$RUN/module.ko")
	cat -- "$RUN/module.ko"
	head -c $((65536 - size % 65536)) /dev/zero
}

# guest_disk NAME - the words that give QEMU the read-only file NAME as the disk pp-NAME
guest_disk() {
	printf '    -drive file=%s,format=raw,if=none,id=%s,readonly=on' "$1" "$1"
	printf ' -device virtio-blk-pci,drive=%s,serial=pp-%s \\\n' "$1" "$1"
}

# guest_qemu - QEMU's command as a program that works from any place. It leaves the console to its
# arguments: a file for a run, this terminal for a shell.
guest_qemu() {
	local port i append cpu=host accel=kvm swap='' slots=''
	local -i disks=${OPT[disks]}
	# shellcheck disable=SC2153 # run sets it
	if [[ $ACCEL = tcg ]]; then
		# a fifth page table level (la57) makes emulation a tenth slower
		cpu=max,la57=off
		accel=tcg,thread=multi
	fi
	((!PROFILE_DIMM)) || slots=",slots=1,maxmem=$((OPT[memory] + PROFILE_DIMM + 1024))M"
	((!PROFILE_SWAP)) || swap="[ -e swapdisk ] || truncate -s ${PROFILE_SWAP}M swapdisk || exit 2"$'\n'
	append="console=ttyS0 loglevel=7 panic=-1 no_timer_check random.trust_cpu=on secretmem.enable=1"
	append+="${MEMMAP:+ $MEMMAP}${PROFILE_APPEND:+ $PROFILE_APPEND}${OPT[append]:+ ${OPT[append]}}"
	cat <<-END
	#!/bin/sh
	# Start this guest with the files beside this one. On a terminal: $(quote "$GUEST/qemu") -serial mon:stdio
	cd "\$(dirname "\$0")" || exit 2
	for disk in $(seq -s ' ' 0 $((disks - 1))); do
	    [ -e "disk\$disk" ] || truncate -s ${OPT[disk-size]}M "disk\$disk" || exit 2
	done
	${swap}[ \$# -gt 0 ] || set -- -serial file:console.log
	exec qemu-system-x86_64 \\
	    -accel $accel -cpu $cpu -machine q35 -m ${OPT[memory]}M$slots -smp ${OPT[cpus]} \\
	    -nodefaults -no-user-config -display none -no-reboot \\
	    -kernel $(quote "$KERNEL/vmlinuz") \\
	    -initrd $(quote "$IMAGE") \\
	    -append $(quote "$append") \\
	    -device virtio-rng-pci -device virtio-serial-pci \\
	END
	for port in results:results.tar ktap:ktap exit:exit; do
		printf '    -chardev file,id=%s,path=%s' "${port%:*}" "${port#*:}"
		printf ' -device virtserialport,chardev=%s,name=pinproof.%s \\\n' "${port%:*}" "${port%:*}"
	done
	for ((i = 0; i < disks; i++)); do
		# A full disk on this side shows as an I/O error in the guest; QEMU would else stop it.
		printf '    -drive file=disk%d,format=raw,if=none,id=disk%d,cache=unsafe,discard=unmap,' "$i" "$i"
		printf 'werror=report,rerror=report -device virtio-blk-pci,drive=disk%d,serial=pinproof%d \\\n' "$i" "$i"
	done
	if ((PROFILE_DIMM)); then
		printf '    -object memory-backend-ram,id=dimm,size=%dM -device pc-dimm,memdev=dimm \\\n' "$PROFILE_DIMM"
	fi
	if ((PROFILE_SWAP)); then
		printf '    -drive file=swapdisk,format=raw,if=none,id=swap,cache=unsafe,discard=unmap'
		printf ' -device virtio-blk-pci,drive=swap,serial=pp-swap \\\n'
	fi
	guest_disk job
	[[ -z ${OPT[plan]-} ]] || guest_disk plan
	[[ -z ${OPT[reports]-} ]] || guest_disk reports
	[[ -z ${OPT[insmod]-} ]] || guest_disk module
	printf '    "$@"\n'
}

# guest_files N MODE WORD... - everything that QEMU needs, in GUEST
guest_files() {
	local file
	GUEST=$RUN/guest-$1
	if ! {
		mkdir -- "$GUEST" &&
			guest_job "${@:2}" >"$GUEST/job" &&
			{ [[ -z ${OPT[plan]-} ]] || guest_plan >"$GUEST/plan"; } &&
			{ [[ -z ${OPT[reports]-} ]] || guest_reports >"$GUEST/reports"; } &&
			{ [[ -z ${OPT[insmod]-} ]] || guest_module >"$GUEST/module"; } &&
			echo "$PROFILE" >"$GUEST/profile" &&
			guest_qemu >"$GUEST/qemu" &&
			chmod +x "$GUEST/qemu" &&
			mkfifo "$GUEST/monitor.in" "$GUEST/monitor.out"
	}; then
		die "cannot write to '$GUEST'; is the disk full? Use --out"
	fi
	for file in ktap results.tar exit console.log; do
		: >"$GUEST/$file" || die "cannot write to '$GUEST'; use --out"
	done
}

guest_clean() {
	rm -f -- "$GUEST/monitor.in" "$GUEST/monitor.out"
	[[ -n ${OPT[keep]-} ]] || rm -f -- "$GUEST"/disk[0-9]* "$GUEST/module" "$GUEST/swapdisk"
}

guest_shell() {
	local code
	guest_files 1 shell
	note "this is the guest's console; Ctrl-A X ends QEMU, Ctrl-A H helps"
	# the terminal's signals are for the guest now
	trap '' INT
	setpriv --pdeathsig KILL "$GUEST/qemu" -serial mon:stdio
	code=$?
	[[ ! -s $GUEST/exit ]] || read -r code <"$GUEST/exit"
	guest_clean
	return "$code"
}

# guest_run N MODE WORD... - boot, watch, write "ended"
guest_run() {
	local alive code
	guest_files "$@"
	if [[ -n ${OPT[dry-run]-} ]]; then
		cat -- "$GUEST/qemu"
		guest_clean
		set_status dry-run
		exit 0
	fi
	# QEMU's standard output is a pipe that carries next to nothing: its end is QEMU's end. QEMU dies
	# with this shell, even if that is killed, and in a session of its own it does not get the
	# terminal's signals, which are for this shell to handle.
	exec {alive}< <(exec setpriv --pdeathsig KILL setsid "$GUEST/qemu" -serial file:console.log \
		-monitor pipe:monitor 2>"$GUEST/qemu.log" </dev/null)
	QEMU_PID=$!
	((!INTERRUPTED)) || kill -TERM "$QEMU_PID" 2>/dev/null
	guest_follow "$2"
	guest_watch "$alive"
	exec {alive}<&-
	wait "$QEMU_PID"
	code=$?
	QEMU_PID=
	[[ -z $FOLLOW_PID ]] || wait "$FOLLOW_PID"
	[[ -n $WATCH ]] || ! guest_disk_full || WATCH=full
	guest_progress_end
	# the disks first: on a full disk that makes the room for what follows
	guest_clean
	guest_ended "$code" 2>/dev/null >"$GUEST/ended"
	if [[ $WATCH = full ]]; then
		# in place: that needs no new block
		echo failed 2>/dev/null >"$RUN/status"
		die "the disk of '$RUN' is full: what the guest wrote is lost; free some, or use --out"
	fi
}

# The output of a command appears here as it comes, of a shrinking plan how far it is.
guest_follow() {
	FOLLOW_PID=
	local -a lines=(cat)
	[[ -z ${OPT[shrink]-} ]] || lines=(grep --line-buffered '^# shrink:')
	[[ $1 = command || -n ${OPT[shrink]-} ]] || return 0
	setpriv --pdeathsig KILL tail -n +1 -f -s 0.2 --pid="$QEMU_PID" "$GUEST/ktap" 2>/dev/null | "${lines[@]}" &
	FOLLOW_PID=$!
}

# guest_output - how much the guest has said. What its kernel says (lines with a time in front) counts only until
# the guest is ready: behind that a processor that spins makes it complain every minute for ever, which is no sign
# of life.
guest_output() {
	local kernel='^\[ *[0-9.]*\]'
	grep -q -a 'pinproof-init: ready' "$GUEST/console.log" 2>/dev/null || kernel='^$'
	stat -c %s "$GUEST/ktap" "$GUEST/results.tar" 2>/dev/null
	grep -a -c -v "$kernel" "$GUEST/console.log" 2>/dev/null
}

# guest_watch FD - until QEMU ends; WATCH says who ended it: "" (itself, or a panic), timeout,
# silence, interrupted, full (the disk of the run directory)
guest_watch() {
	local fd=$1 started=$SECONDS last=$SECONDS size='' now kill_at='' _
	local -i tick=0 timeout=${OPT[timeout]} silence=${OPT[silence]}
	WATCH=
	while :; do
		# returns over 128 after the time or a signal, 0 for a line, 1 at the end of the file
		read -r -t 0.5 -u "$fd" _
		(($? != 1)) || break
		if [[ -n $kill_at ]]; then
			((SECONDS < kill_at)) || kill -KILL "$QEMU_PID" 2>/dev/null
			continue
		fi
		now=$(guest_output)
		if [[ $now != "$size" ]]; then
			size=$now
			last=$SECONDS
			guest_progress
		fi
		if ((INTERRUPTED)); then
			WATCH=interrupted
		elif ((tick++ % 10 == 0)) && guest_disk_full; then
			WATCH=full
		elif ((timeout && SECONDS - started >= timeout)); then
			WATCH=timeout
		elif ((silence && SECONDS - last >= silence)); then
			WATCH=silence
		elif ((GUEST_ALONE && SECONDS - last >= 20)) && guest_complete; then
			WATCH=complete
		fi
		if [[ -n $WATCH ]]; then
			if guest_panic >/dev/null; then
				# it hangs because it panicked: that is how it ended, and it has said all it had
				WATCH=
			elif [[ $WATCH = timeout || $WATCH = silence ]]; then
				guest_stacks
			fi
			echo quit | guest_monitor
			kill_at=$((SECONDS + 5))
		fi
	done
}

# Has all that the guest had to say come?
guest_complete() {
	tar -tf "$GUEST/results.tar" 2>/dev/null | grep -q -x 'done'
}

# What the guest wrote is lost then, and its disks give I/O errors that are not the kernel's.
guest_disk_full() {
	local free
	free=$(df -Pm -- "$RUN" | awk 'NR == 2 { print $4 }')
	[[ -n $free ]] && ((free < 8))
}

# guest_monitor <COMMANDS - both ends of the FIFO are opened, so that this never waits for QEMU
guest_monitor() {
	{ cat >&"$monitor"; } {monitor}<>"$GUEST/monitor.in"
}

# What the kernel was doing: all processors, blocked tasks, all tasks. If it does not even hear the
# keyboard, a non-maskable interrupt makes it panic, with the stack of whoever has interrupts off.
guest_stacks() {
	local key before
	before=$(stat -c %s "$GUEST/console.log")
	for key in l w t; do
		echo "sendkey alt-sysrq-$key" | guest_monitor
		guest_settle
	done
	if (($(stat -c %s "$GUEST/console.log") == before)); then
		echo nmi | guest_monitor
		guest_settle
	fi
}

# Until the console has been quiet for two seconds, at most 20.
guest_settle() {
	local size='' now quiet=0 i
	for ((i = 0; i < 40 && quiet < 4; i++)); do
		sleep 0.5 # poll
		((!INTERRUPTED)) || return 0
		now=$(stat -c %s "$GUEST/console.log")
		quiet=$((quiet + 1))
		[[ $now = "$size" ]] || quiet=0
		size=$now
	done
}

# What the kernel says of itself when a processor does not get on.
guest_stall() {
	local line
	line=$(grep -a -m1 -o -E '(rcu: INFO: .* stall.*|watchdog: BUG: soft lockup.*|INFO: task .* blocked for more.*)' \
		"$GUEST/console.log") || return 0
	echo "; the kernel said \"${line%$'\r'}\""
}

guest_panic() {
	grep -a -m1 -o 'Kernel panic - not syncing.*' "$GUEST/console.log"
}

# guest_ended CODE - one word and a sentence: how this guest came to its end
guest_ended() {
	local line code=none
	case $WATCH in
	complete) echo "complete: all results were there, and the guest did not power off"; return ;;
	full) echo "full: the disk of the run directory was full"; return ;;
	timeout) echo "timeout: the guest had not ended after ${OPT[timeout]} s (--timeout)"; return ;;
	silence)
		echo "silence: the guest gave no output for ${OPT[silence]} s (--silence)$(guest_stall)"
		return
		;;
	esac
	((!INTERRUPTED)) || { echo "interrupted: a signal stopped the run"; return; }
	[[ ! -s $GUEST/exit ]] || read -r code <"$GUEST/exit"
	# the console writes CR LF
	if line=$(guest_panic); then
		echo "panic: ${line%$'\r'}"
	elif line=$(grep -a -m1 -o 'pinproof-init: FAILED: .*' "$GUEST/console.log"); then
		GUEST_BROKEN=1
		echo "setup: ${line%$'\r'}"
	elif grep -a -q -E 'pinproof-init: exit [0-9]|reboot: Power down' "$GUEST/console.log"; then
		echo "poweroff: the guest ended by itself, its job with exit code $code"
	elif (($1 != 0)); then
		# shellcheck disable=SC2034 # run reads it
		[[ -s $GUEST/console.log ]] || GUEST_BROKEN=1
		line=$(tail -n 1 "$GUEST/qemu.log")
		echo "qemu: QEMU ended with code $1: ${line:-no message}"
	else
		echo "reset: the machine was reset without a word"
	fi
}

# On a terminal one line says how far the guest is.
guest_progress() {
	local line
	[[ -t 2 && ${#TODO[@]} -gt 0 ]] || return 0
	line=$(grep -a -E '^ *(not )?ok [0-9]' "$GUEST/ktap" | tail -n 1)
	[[ $line =~ ok\ ([0-9]+)\ (-\ )?([^ ]+) ]] || return 0
	printf '\r\e[K[%s/%s] %s' "${BASH_REMATCH[1]}" "${#TODO[@]}" "${BASH_REMATCH[3]}" >&2
}

guest_progress_end() {
	[[ ! -t 2 ]] || printf '\r\e[K' >&2
}
