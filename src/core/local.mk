# SPDX-License-Identifier: GPL-2.0-or-later
# Sources and installed headers of src/core; what only the layer itself includes is a source.

libpinproof_a_SOURCES += \
	src/core/account.c \
	src/core/asymmetry.c \
	src/core/bug.c \
	src/core/bug_judge.c \
	src/core/bug_parse.c \
	src/core/bug_pattern.c \
	src/core/bug_table.c \
	src/core/coverage.c \
	src/core/coverage_report.c \
	src/core/coverage_table.c \
	src/core/crc32c.c \
	src/core/crc_row.h \
	src/core/defect.c \
	src/core/defect_rows_blocks.h \
	src/core/defect_rows_dax.h \
	src/core/defect_rows_memory.h \
	src/core/defect_rows_report.h \
	src/core/defect_rows_storm.h \
	src/core/defect_rows_sync.h \
	src/core/defect_table.c \
	src/core/err.c \
	src/core/evidence.c \
	src/core/evidence_pages.c \
	src/core/evidence_pages.h \
	src/core/export_c.c \
	src/core/export_check.c \
	src/core/export_mail.c \
	src/core/export_verbs.c \
	src/core/evidence_parts.c \
	src/core/facts.c \
	src/core/facts_json.c \
	src/core/finding.c \
	src/core/history.c \
	src/core/history_binary.c \
	src/core/history_fields.c \
	src/core/history_merge.c \
	src/core/history_parse.c \
	src/core/history_reader.c \
	src/core/history_text.c \
	src/core/hole_fault.c \
	src/core/ledger.c \
	src/core/ledger_fds.c \
	src/core/logscan.c \
	src/core/mutant.c \
	src/core/mutant_report.c \
	src/core/oracle.c \
	src/core/oracle_edges.c \
	src/core/oracle_findings.c \
	src/core/oracle_model.c \
	src/core/oracle_model_build.c \
	src/core/oracle_model_cells.c \
	src/core/oracle_model_lists.c \
	src/core/oracle_model_move.c \
	src/core/oracle_model_state.c \
	src/core/oracle_model_stream.c \
	src/core/oracle_model_sync.c \
	src/core/oracle_order.c \
	src/core/oracle_rules_bytes.c \
	src/core/oracle_rules_cells.c \
	src/core/oracle_rules_isolation.c \
	src/core/oracle_rules_live.c \
	src/core/oracle_rules_order.c \
	src/core/oracle_rules_pages.c \
	src/core/oracle_rules_pins.c \
	src/core/oracle_rules_results.c \
	src/core/oracle_rules_runs.c \
	src/core/page_hold.c \
	src/core/page_hold.h \
	src/core/page_run.c \
	src/core/page_track.c \
	src/core/plan.c \
	src/core/plan_action.c \
	src/core/plan_cut.c \
	src/core/plan_lex.c \
	src/core/plan_object.c \
	src/core/plan_op.c \
	src/core/plan_parse.c \
	src/core/plan_print.c \
	src/core/plan_storm.c \
	src/core/plan_text.c \
	src/core/plan_value.c \
	src/core/policy.c \
	src/core/prng.c \
	src/core/report.c \
	src/core/report_json.c \
	src/core/report_ktap.c \
	src/core/report_table.c \
	src/core/result.c \
	src/core/result_json.c \
	src/core/shrink.c \
	src/core/stamp.c \
	src/core/storm.c \
	src/core/storm_expand.c \
	src/core/timeline.c \
	src/core/timeline_json.c \
	src/core/timeline_trace.c \
	src/core/trace.c \
	src/core/trace_story.c \
	src/core/trace_table.c \
	src/core/trace_text.c \
	src/core/verb.c \
	src/core/words.c

ppcoredir = $(includedir)/pinproof/core
ppcore_HEADERS = \
	src/core/bug.h \
	src/core/bug_judge.h \
	src/core/account.h \
	src/core/coverage.h \
	src/core/defect.h \
	src/core/err.h \
	src/core/evidence.h \
	src/core/export.h \
	src/core/export_private.h \
	src/core/evidence_parts.h \
	src/core/facts.h \
	src/core/finding.h \
	src/core/history.h \
	src/core/history_reader.h \
	src/core/hole_fault.h \
	src/core/ledger.h \
	src/core/ledger_fds.h \
	src/core/logscan.h \
	src/core/mutant.h \
	src/core/oracle.h \
	src/core/oracle_look.h \
	src/core/oracle_model.h \
	src/core/oracle_model_private.h \
	src/core/oracle_order.h \
	src/core/oracle_rules.h \
	src/core/page_run.h \
	src/core/page_track.h \
	src/core/plan.h \
	src/core/plan_cut.h \
	src/core/shrink.h \
	src/core/plan_private.h \
	src/core/policy.h \
	src/core/prng.h \
	src/core/progress.h \
	src/core/report.h \
	src/core/result.h \
	src/core/stamp.h \
	src/core/storm.h \
	src/core/timeline.h \
	src/core/timeline_private.h \
	src/core/trace.h \
	src/core/verb.h \
	src/core/words.h

# What every exported program has: texts in the library, so that the command needs no files.
PP_EXPORT_PARTS = \
	src/core/export/base.txt \
	src/core/export/disk.txt \
	src/core/export/log.txt \
	src/core/export/rdma.txt \
	src/core/export/threads.txt \
	src/core/export/uring.txt
nodist_libpinproof_a_SOURCES = export_parts.c
export_parts.c: $(PP_EXPORT_PARTS) build-aux/text-table
	$(AM_V_GEN)$(SHELL) $(srcdir)/build-aux/text-table $(PP_EXPORT_PARTS:%=$(srcdir)/%) >$@.new && mv $@.new $@
CLEANFILES += export_parts.c
EXTRA_DIST += $(PP_EXPORT_PARTS) build-aux/text-table
