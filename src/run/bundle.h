/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bundles: one file that holds what is known of one failure, to be sent to somebody else. It is a
 * gzip'ed tar of a run directory with a single case, so that whoever unpacks it by hand can judge
 * it, and some more files for people. docs/bundles.md lists them.
 */
#ifndef PP_RUN_BUNDLE_H
#define PP_RUN_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/plan.h"
#include "core/result.h"

#define PP_BUNDLE_VERSION 1
#define PP_BUNDLE_SUFFIX  ".pinproof.tar.gz"
#define PP_BUNDLE_SUMS    "sums" /* the last file: CRC-32C, length and name of all others */

/* Where the files of a failure lie, and what else is known of the run. */
struct pp_bundle_source {
	const char *run;     /* the run directory, of `pinproof run` or of `pinproof vm run` */
	const char *repeat;  /* the command that repeats the case; NULL: unknown */
	const char *command; /* the command line of the run; NULL: unknown */
	const char *kernel;  /* as reports say it; NULL: unknown */
};

/** pp_bundle_worth - does a result of this verdict leave a bundle? FAIL, CRASH and TIMEOUT do. */
bool pp_bundle_worth(enum pp_verdict verdict);

/**
 * pp_bundle_write - pack one case of a run into RUN/bundles/CASE.pinproof.tar.gz
 * @r: its result; @plan: may be NULL
 * @path: gets the name of the file, which is whole or absent
 *
 * What a run does not have is left out, except plan and ending. Returns 0 or -errno.
 */
int pp_bundle_write(const struct pp_bundle_source *s, const struct pp_result *r,
		    const struct pp_plan *plan, char *path, size_t size, struct pp_err *err);

/** pp_bundle_is - is @path a regular file that begins as a bundle does? Opens nothing else. */
bool pp_bundle_is(const char *path);

/**
 * pp_bundle_open - unpack a bundle into a fresh temporary directory
 * @dir: gets its name, below $TMPDIR; to be removed with pp_bundle_close()
 *
 * A bundle comes from a stranger: only the names that pp_bundle_write() gives are accepted, only as
 * regular files, each once, up to limits of size and number; anything else refuses the whole.
 * Nothing of it is ever executed. Returns 0; -EINVAL: not a bundle, damaged, or with something in
 * it that does not belong there; -EPROTO: of another version; -EFBIG; or another -errno. Then
 * nothing is left behind.
 */
int pp_bundle_open(const char *path, char *dir, size_t size, struct pp_err *err);
void pp_bundle_close(const char *dir);

/** pp_bundle_case - the directory of the one case in the opened bundle @dir. */
int pp_bundle_case(const char *dir, char *out, size_t size, struct pp_err *err);

/** pp_bundle_kernel - name of the kernel that `pinproof vm run --kernel` takes, as the bundle says
 *  it; "" if it did not come from a guest. */
int pp_bundle_kernel(const char *dir, char *out, size_t size, struct pp_err *err);

/* One file of a bundle, for whoever writes, lists or checks them. */
struct pp_bundle_member {
	const char *name;  /* in the bundle; with a '*' for the case's directory */
	const char *from;  /* in the run directory; NULL: written by pp_bundle_write() */
	size_t most_bytes; /* longer: only the end is packed, or (whole) nothing */
	bool whole;        /* half of it would be of no use */
	const char *title; /* a few words */
};
extern const struct pp_bundle_member pp_bundle_members[];
extern const size_t pp_bundle_n_members;

#endif
