# SPDX-License-Identifier: GPL-2.0-or-later
# The scenarios: one line here and one file of the same name is all that a scenario needs.
# scripts/new-scenario writes both.

PP_SCENARIOS = \
	scenarios/clean-page \
	scenarios/dax-fault \
	scenarios/dax-race \
	scenarios/dax-truncate \
	scenarios/devdax-unbind \
	scenarios/dio-mmap \
	scenarios/dontneed \
	scenarios/drop-caches \
	scenarios/folio-edges \
	scenarios/fork-cow \
	scenarios/hugetlb-pool \
	scenarios/hwpoison \
	scenarios/inherited-fd \
	scenarios/journal-data \
	scenarios/ksm \
	scenarios/link-delete \
	scenarios/madv-free \
	scenarios/memfd-seal \
	scenarios/memlock \
	scenarios/migrate \
	scenarios/mm-race \
	scenarios/mprotect \
	scenarios/mr-access \
	scenarios/mr-fsync \
	scenarios/mr-policy \
	scenarios/mremap \
	scenarios/msync-race \
	scenarios/pin-balance \
	scenarios/process-exit \
	scenarios/reclaim \
	scenarios/redirty \
	scenarios/reflink-race \
	scenarios/report \
	scenarios/short-pin \
	scenarios/soft-dirty \
	scenarios/storm \
	scenarios/thp-split \
	scenarios/truncate-race \
	scenarios/uffd \
	scenarios/wb-window

pkglibexec_PROGRAMS += $(PP_SCENARIOS)

# The command gets a table of all scenarios, each single program a table of its own one.
# main() of the programs is in libpinproof.a (src/run/scenario_main.c).
scenarios/list.c: Makefile scenarios/local.mk build-aux/scenario-table
	$(AM_V_GEN)$(MKDIR_P) scenarios && \
	$(SHELL) $(srcdir)/build-aux/scenario-table $(PP_SCENARIOS) >$@.new && mv $@.new $@

PP_SCENARIO_TABLES = $(PP_SCENARIOS:=.table.c)
$(PP_SCENARIO_TABLES): %.table.c: Makefile scenarios/local.mk build-aux/scenario-table
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(SHELL) $(srcdir)/build-aux/scenario-table $* >$@.new && mv $@.new $@

PP_SCENARIO_OBJECTS = $(PP_SCENARIOS:=.table.$(OBJEXT))
$(PP_SCENARIO_OBJECTS): %.table.$(OBJEXT): %.table.c
	$(AM_V_CC)$(COMPILE) -c -o $@ $<

$(PP_SCENARIOS): PP_OWN = $@.table.$(OBJEXT)
$(PP_SCENARIOS): %: %.table.$(OBJEXT)

CLEANFILES += scenarios/list.c $(PP_SCENARIO_TABLES)
EXTRA_DIST += build-aux/scenario-table
