# SPDX-License-Identifier: GPL-2.0-or-later
# Sources and installed headers of src/core.

libpinproof_a_SOURCES += \
	src/core/crc32c.c \
	src/core/defect.c \
	src/core/err.c \
	src/core/facts.c \
	src/core/facts_json.c \
	src/core/finding.c \
	src/core/history.c \
	src/core/history_binary.c \
	src/core/history_merge.c \
	src/core/history_parse.c \
	src/core/history_text.c \
	src/core/oracle_model.c \
	src/core/policy.c \
	src/core/prng.c \
	src/core/stamp.c \
	src/core/verb.c \
	src/core/words.c

ppcoredir = $(includedir)/pinproof/core
ppcore_HEADERS = \
	src/core/defect.h \
	src/core/err.h \
	src/core/evidence.h \
	src/core/facts.h \
	src/core/finding.h \
	src/core/history.h \
	src/core/logscan.h \
	src/core/oracle.h \
	src/core/oracle_model.h \
	src/core/plan.h \
	src/core/policy.h \
	src/core/prng.h \
	src/core/report.h \
	src/core/result.h \
	src/core/stamp.h \
	src/core/verb.h \
	src/core/words.h
