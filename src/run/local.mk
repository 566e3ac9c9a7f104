# SPDX-License-Identifier: GPL-2.0-or-later
# Sources and installed headers of src/run.

libpinproof_a_SOURCES += \
	src/run/recorder.c \
	src/run/scenario.c

pprundir = $(includedir)/pinproof/run
pprun_HEADERS = \
	src/run/recorder.h \
	src/run/scenario.h
