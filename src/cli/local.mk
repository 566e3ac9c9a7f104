# SPDX-License-Identifier: GPL-2.0-or-later
# The command pinproof: its own sources and every scenario.

bin_PROGRAMS += pinproof
pinproof_SOURCES = \
	src/cli/cmd.c \
	src/cli/cmd_bundle.c \
	src/cli/cmd_export.c \
	src/cli/cmd_replay.c \
	src/cli/cmd_reports.c \
	src/cli/cmd_mutate.c \
	src/cli/cmd_suite.c \
	src/cli/cmd_trace.c \
	src/cli/cmd_vm.c \
	src/cli/main.c \
	src/cli/commands.h

pinproof_SOURCES += $(PP_SCENARIOS:=.c)
nodist_pinproof_SOURCES = scenarios/list.c
