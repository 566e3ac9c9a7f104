/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registration policy as data: which mapping x access ibv_reg_mr() accepts
 * in which kernel era, with which errno it refuses. One table; the recorded
 * atlases of real kernels test it row by row.
 */
#ifndef PP_CORE_POLICY_H
#define PP_CORE_POLICY_H

#include "core/facts.h"
#include "core/plan.h"

/* The five access columns of the atlas. */
enum pp_policy_access {
	PP_POLICY_NONE,  /* 0 */
	PP_POLICY_RR,    /* REMOTE_READ */
	PP_POLICY_LW,    /* LOCAL_WRITE */
	PP_POLICY_LW_RW, /* LOCAL_WRITE | REMOTE_WRITE */
	PP_POLICY_OD,    /* ON_DEMAND (with LOCAL_WRITE) on a provider without ODP */
	PP_POLICY_ACCESS_COUNT
};

struct pp_policy_row {
	const char *name;      /* VMA kind: "ext4-shared-rw": the variant name of mr-policy */
	const char *backings;  /* space-separated backing names it covers */
	int share;             /* enum pp_share, or -1 for both */
	int prot;              /* PP_PROT_* mask, or -1 for any */
	int eof;               /* enum pp_eof */
	const char *why;       /* the kernel function that decides */
	/* positive errno, 0 for accepted, by era and column */
	short expect[PP_ERA_COUNT][PP_POLICY_ACCESS_COUNT];
	bool defect_if_written; /* a writable long-term pin here is a known hole: PP_EXPECT_POLICY */
};

extern const struct pp_policy_row pp_policy_rows[];
extern const size_t pp_policy_n_rows;

/** pp_policy_column - column of an access mask (PP_ACCESS_*), -1 if the atlas has none for it. */
int pp_policy_column(unsigned access);

/** pp_policy_find - the row that a region falls under, NULL if none does. */
const struct pp_policy_row *pp_policy_find(const struct pp_region_def *r);

/**
 * pp_policy_expect - errno expected of registering @r with @access in @era (0: accepted)
 *
 * Returns -1 if the table does not know (no row, no column, unknown era).
 */
int pp_policy_expect(const struct pp_region_def *r, unsigned access, enum pp_era era);

/** pp_policy_eras - bit mask (1 << era) of the eras in which @result (positive errno or 0) is expected. */
unsigned pp_policy_eras(const struct pp_policy_row *row, int column, int result);

#endif
