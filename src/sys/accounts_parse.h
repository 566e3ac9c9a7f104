/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What accounts.c makes of what the kernel says: for its tests. */
#ifndef PP_SYS_ACCOUNTS_PARSE_H
#define PP_SYS_ACCOUNTS_PARSE_H

#include "sys/accounts.h"

/** pp_accounts_parse_buddyinfo - free pages in zones called Movable, the processors' own lists left
 * out (text of /proc/buddyinfo); 0 without such a zone, false without any. */
bool pp_accounts_parse_buddyinfo(const char *text, int64_t *movable_pages);

/** pp_accounts_take_object - the RDMA device has @count objects of the kind that the kernel calls
 *  @name; @value: int64_t[PP_ACCOUNT_COUNT]. Other kinds are left alone. */
void pp_accounts_take_object(const char *name, uint64_t count, void *value);

#endif
