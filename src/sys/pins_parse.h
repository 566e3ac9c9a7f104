/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to pins.c, accounts.c and their unit tests: how text of /proc is read. */
#ifndef PP_SYS_PINS_PARSE_H
#define PP_SYS_PINS_PARSE_H

#include <stdbool.h>

#include "sys/pins.h"

/** pp_pins_slurp - a whole file of /proc in one go (malloc'ed); NULL and errno if it cannot be
 *  read. */
char *pp_pins_slurp(const char *path);

/** pp_pins_find - what stands behind @key, which stands at the begin of a line; NULL if none does.
 */
const char *pp_pins_find(const char *text, const char *key);

/** pp_pins_number - the number behind @key, which stands at the begin of a line and ends with the
 *  separator given in it; false if there is none. */
bool pp_pins_number(const char *text, const char *key, uint64_t *out);

/** pp_pins_parse_vmstat - fill acquired and released from /proc/vmstat; false if either is missing.
 */
bool pp_pins_parse_vmstat(const char *text, struct pp_pins *out);
/** pp_pins_parse_status - fill vmpin_pages and vmlck_pages from /proc/self/status (kernels give
 * kB). */
bool pp_pins_parse_status(const char *text, unsigned page_bytes, struct pp_pins *out);
/** pp_pins_parse_meminfo - fill huge_* from /proc/meminfo; false (and zeros) without hugetlb. */
bool pp_pins_parse_meminfo(const char *text, struct pp_pins *out);

#endif
