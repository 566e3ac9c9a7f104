# SPDX-License-Identifier: GPL-2.0-or-later
# The mutants: sources of kernel modules, built by scripts/vm/mutants, not here.

ppmutantsdir = $(ppvmdir)/mutants.src
dist_ppmutants_DATA = \
	tests/mutants/killers.table \
	tests/mutants/mutant.h \
	tests/mutants/bio-clean.c \
	tests/mutants/clean-unwritten.c \
	tests/mutants/collapse-pin.c \
	tests/mutants/cow-pin.c \
	tests/mutants/dax-errno.c \
	tests/mutants/dax-first-page.c \
	tests/mutants/dax-longterm.c \
	tests/mutants/dax-nowait.c \
	tests/mutants/dax-wake.c \
	tests/mutants/dio-stale.c \
	tests/mutants/file-longterm.c \
	tests/mutants/fork-share.c \
	tests/mutants/fsync-hole.c \
	tests/mutants/fsync-nowait.c \
	tests/mutants/ksm-pin.c \
	tests/mutants/memlock-ignored.c \
	tests/mutants/migrate-pin.c \
	tests/mutants/msync-tail.c \
	tests/mutants/pin-charged.c \
	tests/mutants/pin-exit.c \
	tests/mutants/pin-get.c \
	tests/mutants/pin-huge.c \
	tests/mutants/pin-leak.c \
	tests/mutants/pin-twice.c \
	tests/mutants/range-nowait.c \
	tests/mutants/refusal-charged.c \
	tests/mutants/refusal-leak.c \
	tests/mutants/rxe-access.c \
	tests/mutants/rxe-atomic.c \
	tests/mutants/rxe-dereg.c \
	tests/mutants/rxe-drop.c \
	tests/mutants/rxe-page.c \
	tests/mutants/rxe-stale.c \
	tests/mutants/secretmem-pin.c \
	tests/mutants/soft-dirty-pin.c \
	tests/mutants/split-pin.c \
	tests/mutants/truncate-tail.c \
	tests/mutants/umem-clean-some.c \
	tests/mutants/umem-clean.c \
	tests/mutants/uring-leak.c \
	tests/mutants/uring-page.c
