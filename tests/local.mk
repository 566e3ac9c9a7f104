# SPDX-License-Identifier: GPL-2.0-or-later
# What make check runs: unit tests, tests of the command, lint. Each test may run from any
# build directory: srcdir is the top of the sources, PINPROOF the command that was built.

TEST_SUITE_LOG = tests/test-suite.log
TEST_EXTENSIONS = .bats
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; export srcdir; \
	builddir='$(abs_top_builddir)'; export builddir; \
	PINPROOF='$(abs_top_builddir)/pinproof'; export PINPROOF;
BATS_LOG_DRIVER = AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
BATS_LOG_COMPILER = $(BATS)
AM_BATS_LOG_FLAGS = --tap

PP_UNIT_TESTS = \
	tests/unit/test_accounts \
	tests/unit/test_blocks \
	tests/unit/test_bug \
	tests/unit/test_bug_judge \
	tests/unit/test_command \
	tests/unit/test_coverage \
	tests/unit/test_config \
	tests/unit/test_defect \
	tests/unit/test_err \
	tests/unit/test_evidence \
	tests/unit/test_export \
	tests/unit/test_finding \
	tests/unit/test_fabric \
	tests/unit/test_facts \
	tests/unit/test_fs \
	tests/unit/test_gate \
	tests/unit/test_golden \
	tests/unit/test_guardian \
	tests/unit/test_history \
	tests/unit/test_history_damage \
	tests/unit/test_history_merge \
	tests/unit/test_judge \
	tests/unit/test_kmsg \
	tests/unit/test_link \
	tests/unit/test_heap \
	tests/unit/test_log_rest \
	tests/unit/test_logscan \
	tests/unit/test_oracle \
	tests/unit/test_oracle_ops \
	tests/unit/test_owner \
	tests/unit/test_pins \
	tests/unit/test_mutant \
	tests/unit/test_mutants \
	tests/unit/test_plan \
	tests/unit/test_plan_lines \
	tests/unit/test_plan_mutate \
	tests/unit/test_plan_race \
	tests/unit/test_plant \
	tests/unit/test_policy \
	tests/unit/test_prng \
	tests/unit/test_probe \
	tests/unit/test_property \
	tests/unit/test_recorder \
	tests/unit/test_report \
	tests/unit/test_report_cases \
	tests/unit/test_reporting \
	tests/unit/test_result \
	tests/unit/test_rundir \
	tests/unit/test_scenarios \
	tests/unit/test_select \
	tests/unit/test_shrink \
	tests/unit/test_slots \
	tests/unit/test_stacks \
	tests/unit/test_stamp \
	tests/unit/test_storm \
	tests/unit/test_stream \
	tests/unit/test_timeline \
	tests/unit/test_trace \
	tests/unit/test_tracer \
	tests/unit/test_verb \
	tests/unit/test_watch \
	tests/unit/test_words

# These fault on purpose (SIGBUS behind the end of a file), see TSAN in configure.ac.
PP_FAULT_TESTS = \
	tests/unit/test_hazard \
	tests/unit/test_heartbeat \
	tests/unit/test_hazard_pages \
	tests/unit/test_pinio \
	tests/unit/test_region

PP_CLI_TESTS = \
	tests/cli/bad-input.bats \
	tests/cli/bundle.bats \
	tests/cli/damaged.bats \
	tests/cli/interrupt.bats \
	tests/cli/judge.bats \
	tests/cli/list.bats \
	tests/cli/plants.bats \
	tests/cli/mutate.bats \
	tests/cli/replay.bats \
	tests/cli/repro.bats \
	tests/cli/run.bats \
	tests/cli/scripts.bats \
	tests/cli/shrink.bats \
	tests/cli/timeline.bats \
	tests/cli/vm.bats

check_LIBRARIES += tests/unit/libunit.a
tests_unit_libunit_a_SOURCES = tests/unit/unit.c tests/unit/unit.h

# The simulated machine that the oracle is held against.
tests_unit_test_property_SOURCES = tests/unit/test_property.c tests/unit/machine.c \
	tests/unit/machine_change.c tests/unit/machine.h

# These know every scenario, as the command does.
tests_unit_test_scenarios_SOURCES = tests/unit/test_scenarios.c tests/unit/frames.c tests/unit/frames.h $(PP_SCENARIOS:=.c)
nodist_tests_unit_test_scenarios_SOURCES = scenarios/list.c
tests_unit_test_report_cases_SOURCES = tests/unit/test_report_cases.c $(PP_SCENARIOS:=.c)
nodist_tests_unit_test_report_cases_SOURCES = scenarios/list.c

if HAVE_CUNIT
check_PROGRAMS += $(PP_UNIT_TESTS) $(PP_FAULT_TESTS)
TESTS += $(PP_UNIT_TESTS)
$(PP_UNIT_TESTS) $(PP_FAULT_TESTS): PP_OWN = tests/unit/libunit.a -lcunit
$(PP_UNIT_TESTS) $(PP_FAULT_TESTS): tests/unit/libunit.a
if !TSAN
TESTS += $(PP_FAULT_TESTS)
endif
endif

# Every verdict, seen to happen: runs without root and without RDMA.
check_PROGRAMS += tests/selftest/selftest
tests_selftest_selftest_SOURCES = tests/selftest/selftest.c
TESTS += tests/selftest/run
EXTRA_DIST += tests/selftest/run

# Every library call of src/sys made to fail; the linker leads them to the hook.
check_PROGRAMS += tests/faults/faults
tests_faults_faults_SOURCES = tests/faults/main.c tests/faults/hook.c tests/faults/hook_hand.c \
	tests/faults/hook.h tests/faults/calls.h tests/faults/world.c tests/faults/world.h \
	tests/faults/fake_gate.c tests/faults/fake_netlink.c tests/faults/fake_rdma.c \
	tests/faults/fake_uring.c tests/faults/fakes.h tests/faults/drive.h \
	tests/faults/drive_disks.c tests/faults/drive_links.c tests/faults/drive_memory.c \
	tests/faults/drive_processes.c tests/faults/drive_regions.c tests/faults/drive_traces.c
tests_faults_faults_LDFLAGS = $(AM_LDFLAGS) @tests/faults/wraps.options
EXTRA_tests_faults_faults_DEPENDENCIES = tests/faults/wraps.options
tests/faults/wraps.options: tests/faults/calls.h tests/faults/wraps
	$(AM_V_GEN)$(MKDIR_P) tests/faults && \
		$(srcdir)/tests/faults/wraps $(srcdir)/tests/faults/calls.h >$@
CLEANFILES += tests/faults/wraps.options
# Its regions lie where the thread sanitizer lets none be.
if !TSAN
TESTS += tests/faults/run
endif
EXTRA_DIST += tests/faults/run tests/faults/wraps

# Damaged plans and histories, without a fuzzer; scripts/fuzz runs the same targets with one.
check_PROGRAMS += tests/fuzz/corpus tests/fuzz/once_plan tests/fuzz/once_history
tests_fuzz_corpus_SOURCES = tests/fuzz/corpus.c tests/fuzz/fuzz.h
tests_fuzz_once_plan_SOURCES = tests/fuzz/once.c tests/fuzz/fuzz_plan.c tests/fuzz/checks.c
tests_fuzz_once_history_SOURCES = tests/fuzz/once.c tests/fuzz/fuzz_history.c tests/fuzz/checks.c
TESTS += tests/fuzz/run
EXTRA_DIST += tests/fuzz/run

# What scripts/bench runs; built here so that it keeps building.
check_PROGRAMS += $(PP_BENCHES)
PP_BENCHES = tests/bench/judge tests/bench/plan tests/bench/record tests/bench/stamp tests/bench/witness-log \
	tests/bench/witness-parts
EXTRA_DIST += tests/viewer/timeline
EXTRA_DIST += tests/bench/bench.h tests/bench/guest tests/bench/witness tests/bench/report.py

if HAVE_BATS
TESTS += $(PP_CLI_TESTS)
endif
EXTRA_DIST += $(PP_CLI_TESTS) tests/cli/common.bash

# scripts/check runs lint by itself and empties this list.
if HAVE_LINT
PP_LINT_TESTS = build-aux/lint/selftest build-aux/lint/run
TESTS += $(PP_LINT_TESTS)
endif
EXTRA_DIST += tests/golden tests/source-mutants tests/console tests/unit/history_data.h tests/unit/tmpdir.h
EXTRA_DIST += build-aux/lint tests/lint build-aux/test-counts build-aux/packages
