/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of accounts; see account.h. */
#include "core/account.h"

#include <stddef.h>

/* clang-format off */
#define PROCESS(n, t, ...) { .name = n, .title = t, .scope = PP_SCOPE_PROCESS, __VA_ARGS__ }
#define DEVICE(n, t, ...)  { .name = n, .title = t, .scope = PP_SCOPE_DEVICE, __VA_ARGS__ }
#define MACHINE(n, t, ...) { .name = n, .title = t, .scope = PP_SCOPE_MACHINE, __VA_ARGS__ }
#define JUDGED             .unjudged = NULL
#define CHARGE             .charge = true
#define POOL               .pool = true
#define OTHERS             .unjudged = "everybody on the machine takes and gives"

const struct pp_account_info pp_accounts[PP_ACCOUNT_COUNT] = {
	[PP_ACCOUNT_PINS]          = MACHINE("pins",         "pages", JUDGED),
	[PP_ACCOUNT_VMPIN]         = PROCESS("vmpin",        "pages", CHARGE),
	[PP_ACCOUNT_PACKETS]       = DEVICE("packets",      "packets",
					      .unjudged = "how many a transfer takes is the driver's choice"),
	[PP_ACCOUNT_VMLCK]         = PROCESS("vmlck",        "pages", JUDGED),
	[PP_ACCOUNT_OWNER_VMPIN]   = PROCESS("owner-vmpin",  "pages", CHARGE),
	[PP_ACCOUNT_HEIR_VMPIN]    = PROCESS("heir-vmpin",   "pages", CHARGE),
	[PP_ACCOUNT_CHILD_VMPIN]   = PROCESS("child-vmpin",  "pages", CHARGE),
	[PP_ACCOUNT_HUGE_TOTAL]    = MACHINE("huge-total",   "huge pages", POOL),
	[PP_ACCOUNT_HUGE_FREE]     = MACHINE("huge-free",    "huge pages",
					       .unjudged = "pages are taken when they are touched; huge-spare says "
							   "what is promised"),
	[PP_ACCOUNT_HUGE_SPARE]    = MACHINE("huge-spare",   "huge pages", POOL),
	[PP_ACCOUNT_HUGE_OTHER]    = MACHINE("huge-other",   "huge pages", POOL),
	[PP_ACCOUNT_CONTEXTS]      = DEVICE("contexts",      "open device files", JUDGED),
	[PP_ACCOUNT_PDS]           = DEVICE("pds",           "protection domains", JUDGED),
	[PP_ACCOUNT_MRS]           = DEVICE("mrs",           "memory regions", JUDGED),
	[PP_ACCOUNT_CQS]           = DEVICE("cqs",           "completion queues", JUDGED),
	[PP_ACCOUNT_QPS]           = DEVICE("qps",           "queue pairs", JUDGED),
	[PP_ACCOUNT_CM_IDS]        = DEVICE("cm-ids",        "connection ids", JUDGED),
	[PP_ACCOUNT_FDS]           = PROCESS("fds",          "file descriptors", JUDGED),
	[PP_ACCOUNT_FREE_PAGES]    = MACHINE("free-pages",   "pages", OTHERS),
	[PP_ACCOUNT_MOVABLE_PAGES] = MACHINE("movable-pages", "pages", OTHERS),
};
/* clang-format on */

bool pp_account_alone(unsigned account)
{
	return account >= PP_ACCOUNT_FIRST_ALONE && account < PP_ACCOUNT_COUNT;
}
