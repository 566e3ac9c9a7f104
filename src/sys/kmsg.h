/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log: follow /dev/kmsg from a point, leave markers, read taint, re-arm WARN_ONCE. */
#ifndef PP_SYS_KMSG_H
#define PP_SYS_KMSG_H

#include <stddef.h>

#include <stdint.h>

#include "core/err.h"

/* Stands in a drained text, without a time stamp, where records were lost. */
#define PP_KMSG_OVERRAN "pinproof: kernel log overran"

struct pp_kmsg {
	int fd; /* -1: not readable */
};

int pp_kmsg_open(struct pp_kmsg *k, struct pp_err *err); /* positioned at the end */
void pp_kmsg_close(struct pp_kmsg *k);
/** pp_kmsg_mark - write "pinproof: TEXT" into the log. */
int pp_kmsg_mark(const char *text);

/* In front of what a check of a filesystem said, behind PP_LOG_USER once it was drained. */
#define PP_KMSG_CHECK "pinproof-check of operation %u: "
/** pp_kmsg_check - write what the check of operation @op said into the log, as a program's line. */
int pp_kmsg_check(uint32_t op, const char *text);
/** pp_kmsg_drain - all records since the last call as text lines "[seconds.micros] message";
 * malloc'ed, *len. Lost records (EPIPE) appear as a line PP_KMSG_OVERRAN. NULL only
 * without memory. */
char *pp_kmsg_drain(struct pp_kmsg *k, size_t *len);

unsigned long pp_taint_read(void); /* /proc/sys/kernel/tainted; 0 if unreadable */
/** pp_taint_names - letters of the taint bits in @mask, e.g. "W" ; static table of
 * Documentation/admin-guide/tainted-kernels.rst */
void pp_taint_names(unsigned long mask, char *out, size_t size);
int pp_warn_once_reset(void); /* clear_warn_once in debugfs; -errno if it is not there */

#endif
