# SPDX-License-Identifier: GPL-2.0-or-later
# Sources and installed headers of src/run; what only the layer itself includes is a source.

libpinproof_a_SOURCES += \
	src/run/bugs.c \
	src/run/bundle.c \
	src/run/bundle_open.c \
	src/run/collect.c \
	src/run/coverage.c \
	src/run/config.c \
	src/run/exec.c \
	src/run/exec_device.c \
	src/run/exec_gates.c \
	src/run/exec_hazards.c \
	src/run/exec_looks.c \
	src/run/exec_memory.c \
	src/run/exec_objects.c \
	src/run/exec_owner.c \
	src/run/exec_pages.c \
	src/run/exec_plant.c \
	src/run/exec_quiet.c \
	src/run/exec_record.c \
	src/run/exec_storm.c \
	src/run/exec_verbs.c \
	src/run/exec_watch.c \
	src/run/guardian.c \
	src/run/hang.c \
	src/run/heartbeat.c \
	src/run/heap.c \
	src/run/log_rest.c \
	src/run/judge.c \
	src/run/machine.c \
	src/run/mutants.c \
	src/run/plan_lines.c \
	src/run/plan_owner.c \
	src/run/plan_pinned.c \
	src/run/plant.c \
	src/run/recorder.c \
	src/run/reporting.c \
	src/run/rundir.c \
	src/run/scenario.c \
	src/run/scenario_main.c \
	src/run/select.c \
	src/run/shrink.c \
	src/run/stream.c \
	src/run/suite.c \
	src/run/suite_judge.c \
	src/run/suite_list.c \
	src/run/supervisor.c \
	src/run/timeline.c \
	src/run/tracing.c

pprundir = $(includedir)/pinproof/run
pprun_HEADERS = \
	src/run/bugs.h \
	src/run/bundle.h \
	src/run/collect.h \
	src/run/coverage.h \
	src/run/config.h \
	src/run/exec.h \
	src/run/exec_aside.h \
	src/run/exec_state.h \
	src/run/guardian.h \
	src/run/hang.h \
	src/run/heartbeat.h \
	src/run/heap.h \
	src/run/log_rest.h \
	src/run/judge.h \
	src/run/machine.h \
	src/run/mutants.h \
	src/run/plan_lines.h \
	src/run/plan_owner.h \
	src/run/plan_pinned.h \
	src/run/plant.h \
	src/run/recorder.h \
	src/run/reporting.h \
	src/run/rundir.h \
	src/run/scenario.h \
	src/run/select.h \
	src/run/shrink.h \
	src/run/stream.h \
	src/run/suite.h \
	src/run/supervisor.h \
	src/run/timeline.h \
	src/run/tracing.h
