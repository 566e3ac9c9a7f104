/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What accounts.c makes of what the kernel says: for its tests. */
#ifndef PP_SYS_ACCOUNTS_PARSE_H
#define PP_SYS_ACCOUNTS_PARSE_H

#include "sys/accounts.h"

/** pp_accounts_parse_zoneinfo - sum of "pages free" of all zones and of those called Movable (text
 *  of /proc/zoneinfo); false if there is no zone. */
bool pp_accounts_parse_zoneinfo(const char *text, int64_t *all_pages, int64_t *movable_pages);

/** pp_accounts_take_object - the RDMA device has @count objects of the kind that the kernel calls
 *  @name; @value: int64_t[PP_ACCOUNT_COUNT]. Other kinds are left alone. */
void pp_accounts_take_object(const char *name, uint64_t count, void *value);

#endif
