/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What accounts.c makes of text: for its tests. */
#ifndef PP_SYS_ACCOUNTS_PARSE_H
#define PP_SYS_ACCOUNTS_PARSE_H

#include "sys/accounts.h"

/** pp_accounts_parse_zoneinfo - sum of "pages free" of all zones and of those called Movable (text
 *  of /proc/zoneinfo); false if there is no zone. */
bool pp_accounts_parse_zoneinfo(const char *text, int64_t *all_pages, int64_t *movable_pages);

#endif
