/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pieces of the exporter share with each other and with nobody else. */
#ifndef PP_CORE_EXPORT_PRIVATE_H
#define PP_CORE_EXPORT_PRIVATE_H

#include "core/export.h"

struct exporter {
	const struct pp_plan *p;
	const struct pp_finding *x;
	FILE *f;
	struct pp_err *err;
	bool rdma, uring, disk, log; /* which parts are needed */
	uint32_t expected_op;        /* whose bytes had to show; 0: zeros */
};

/* Names of the plan as C has them; "" where there is none. */
struct names {
	char region[PP_NAME_MAX], file[PP_NAME_MAX] /* the region that owns its file */,
		mr[PP_NAME_MAX], fs[PP_NAME_MAX], slot[PP_NAME_MAX], via[PP_NAME_MAX];
};

/* What an operation needs to know of itself to be written. */
struct emit {
	const struct pp_op *op;
	struct names n;
	uint64_t at; /* in the region */
	uint64_t length;
	char what[128];      /* "op 8 disk-read" */
	const char *checker; /* must() or, of the finding's own operation, symptom_if_fails() */
};

typedef void pp_emit_fn(struct exporter *e, const struct emit *m);

/** pp_export_ident - a name of the plan as part of a C name; returns @out. */
const char *pp_export_ident(const char *name, char out[PP_NAME_MAX]);
void pp_export_names(const struct pp_plan *p, const struct pp_op *op, struct names *n);
/** pp_export_verb - what writes an operation of @verb; NULL: nothing does. */
pp_emit_fn *pp_export_verb(enum pp_verb verb);
/** pp_export_check - can plan and finding be exported? Sets what the program needs. -EOPNOTSUPP:
 * no. */
int pp_export_check(struct exporter *e);
/** pp_export_own_file - has the region a file that no other region owns? */
bool pp_export_own_file(const struct pp_plan *p, size_t region);
/** pp_export_memfds - the lines that make the files which are on no filesystem. */
void pp_export_memfds(struct exporter *e);

#endif
