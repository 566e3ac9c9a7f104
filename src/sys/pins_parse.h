/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to pins.c and its unit test: the parsers of /proc text. Pure. */
#ifndef PP_SYS_PINS_PARSE_H
#define PP_SYS_PINS_PARSE_H

#include <stdbool.h>

#include "sys/pins.h"

/** pp_pins_parse_vmstat - fill acquired and released from /proc/vmstat; false if either is missing.
 */
bool pp_pins_parse_vmstat(const char *text, struct pp_pins *out);
/** pp_pins_parse_status - fill vmpin_pages and vmlck_pages from /proc/self/status (kernels give
 * kB). */
bool pp_pins_parse_status(const char *text, unsigned page_bytes, struct pp_pins *out);
/** pp_pins_parse_meminfo - fill huge_* from /proc/meminfo; false (and zeros) without hugetlb. */
bool pp_pins_parse_meminfo(const char *text, struct pp_pins *out);

#endif
