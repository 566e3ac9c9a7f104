/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registration policy as data: which mapping x access ibv_reg_mr() accepts
 * in which kernel era, with which errno it refuses; the same for io_uring's
 * registered buffers. One table; the recorded atlases of real kernels test it
 * row by row, and the scenario mr-policy makes variants of each row.
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
	PP_POLICY_ACCESS_COUNT,
	/* and that of registered buffers */
	PP_POLICY_URING = PP_POLICY_ACCESS_COUNT
};

#define PP_POLICY_NOT_JUDGED (-1)

/* The columns' access masks (PP_ACCESS_*), in the order in which they are to be tried on one
 * mapping: columns that only read come first, because a write pin leaves pages behind that a later
 * read pin finds (seen: a PROT_WRITE-only mapping). */
extern const unsigned pp_policy_access_masks[PP_POLICY_ACCESS_COUNT];

struct pp_policy_row {
	const char *name;   /* VMA kind: "ext4-shared-rw": the variant name of mr-policy */
	const char *region; /* words of the plan's region line, without name, size, fs, disk and of:
			       "backing=ext4 share=shared prot=rw fd=rw touch=yes eof=inside".
			       They also say which regions the row covers; see pp_policy_find() */
	const char *why;    /* the kernel function that decides */
	/* positive errno, 0 for accepted, PP_POLICY_NOT_JUDGED, by era and column */
	short expect[PP_ERA_COUNT][PP_POLICY_ACCESS_COUNT];
	/* the same of IORING_REGISTER_BUFFERS, which always pins to write */
	short uring[PP_ERA_COUNT];
	bool touch_decides;     /* covers only regions with the row's own touch= */
	bool defect_if_written; /* a writable long-term pin here is a known hole: PP_EXPECT_POLICY
				 */
};

extern const struct pp_policy_row pp_policy_rows[];
extern const size_t pp_policy_n_rows;

/** pp_policy_column - column of an access mask (PP_ACCESS_*), -1 if the atlas has none for it. */
int pp_policy_column(unsigned access);

/** pp_policy_mr_column - column of an MR of any kind, -1 if there is none for its access. */
int pp_policy_mr_column(const struct pp_mr_def *mr);

/**
 * pp_policy_find - the row that a region falls under, NULL if none does
 *
 * backing, share, prot and eof must be as the row's region words say (a word that the row leaves
 * out covers all); touch too where touch_decides. A row with the region's fd mode is preferred, but
 * the fd mode alone excludes no row: no kernel decides by it. Pure.
 */
const struct pp_policy_row *pp_policy_find(const struct pp_region_def *r);

/**
 * pp_policy_expect - errno expected of registering @r with @access in @era (0: accepted)
 *
 * Returns PP_POLICY_NOT_JUDGED (-1) if the table does not know (no row, no column, unknown era, or
 * an expectation that was never established). The column ON_DEMAND only knows providers without
 * ODP: a caller whose provider has it (fact "rxe-odp") must not ask. Pure.
 */
int pp_policy_expect(const struct pp_region_def *r, unsigned access, enum pp_era era);

/**
 * pp_policy_expect_mr - the same for an MR of any kind: pp_policy_expect() with its access, or
 * what the table says of registered buffers. Pure.
 */
int pp_policy_expect_mr(const struct pp_region_def *r, const struct pp_mr_def *mr, enum pp_era era);

/** pp_policy_eras - bit mask (1 << era) of the eras in which @result (positive errno or 0) is
 * expected. */
unsigned pp_policy_eras(const struct pp_policy_row *row, int column, int result);

#endif
