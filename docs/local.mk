# SPDX-License-Identifier: GPL-2.0-or-later
# Documents, installed beside README.md, and the manual page.

PP_DOCS = \
	docs/README.md \
	docs/architecture.md \
	docs/bugs.md \
	docs/coverage.md \
	docs/coverage-6.1.txt \
	docs/coverage-6.12.txt \
	docs/gates.md \
	docs/history-format.md \
	docs/oracle-rules.md \
	docs/performance.md \
	docs/plan-language.md \
	docs/policy.md \
	docs/reports.md \
	docs/scenario-howto.md \
	docs/trace.md \
	docs/verdicts.md \
	docs/witnesses.md \
	docs/vm.md \
	docs/results.schema.json
ppdocsdir = $(docdir)/docs
dist_ppdocs_DATA = $(PP_DOCS)

PP_MANUAL = docs/pinproof.1
dist_man_MANS += $(PP_MANUAL)
