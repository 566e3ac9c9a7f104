/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accounts of the ledger: what the kernel keeps count of and a quiet point
 * reads. One row an account: its name in histories, whose it is, what judges it.
 */
#ifndef PP_CORE_ACCOUNT_H
#define PP_CORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Numbers are those of the history's binary form. The first three stand in the quiet point's own
 * event, each other one in an event of its own behind it (core/history.h).
 */
enum pp_account {
	PP_ACCOUNT_PINS,    /* nr_foll_pin_acquired less nr_foll_pin_released */
	PP_ACCOUNT_VMPIN,   /* VmPin of the case's process */
	PP_ACCOUNT_PACKETS, /* that the fabric counted: nothing to balance */
	PP_ACCOUNT_VMLCK,   /* VmLck of the case's process */
	/* VmPin of other processes of the plan; absolute, as they begin with none */
	PP_ACCOUNT_OWNER_VMPIN, /* the owner: a process that registers by itself (own-*) */
	PP_ACCOUNT_HEIR_VMPIN,  /* the owner's child, which has inherited its descriptors */
	PP_ACCOUNT_CHILD_VMPIN, /* children by fork and child-hold, together */
	/* pools of huge pages */
	PP_ACCOUNT_HUGE_TOTAL, /* of the default size */
	PP_ACCOUNT_HUGE_FREE,
	PP_ACCOUNT_HUGE_SPARE, /* free and not reserved: what a mapping or a copy can still have */
	PP_ACCOUNT_HUGE_OTHER, /* spare pages of all other sizes */
	/* objects of the RDMA device */
	PP_ACCOUNT_CONTEXTS, /* opened device files */
	PP_ACCOUNT_PDS,
	PP_ACCOUNT_MRS,
	PP_ACCOUNT_CQS,
	PP_ACCOUNT_QPS,
	PP_ACCOUNT_CM_IDS,
	PP_ACCOUNT_FDS, /* open file descriptors of the case's process */
	/* the machine's memory, which everybody uses: recorded, never judged */
	PP_ACCOUNT_FREE_PAGES,
	PP_ACCOUNT_MOVABLE_PAGES, /* of these in zones MOVABLE */
	PP_ACCOUNT_COUNT
};

#define PP_ACCOUNT_FIRST_ALONE PP_ACCOUNT_VMLCK
#define PP_ACCOUNT_UNKNOWN     INT64_MIN /* the kernel does not tell, or it is not ours alone */

enum pp_account_scope {
	PP_SCOPE_PROCESS, /* nobody but the plan's processes changes it */
	PP_SCOPE_DEVICE,  /* the RDMA device's: ours unless --device names one that others use */
	PP_SCOPE_MACHINE  /* everybody's: ours only in a throw-away guest, or while nobody stirs */
};

struct pp_account_info {
	const char *name;  /* in histories and findings */
	const char *title; /* what one is, in the plural: "pages pinned" */
	enum pp_account_scope scope;
	const char *unjudged; /* why the plan does not say what it must be; NULL: it does */
	bool charge;          /* VmPin of some process: what one has too much another may lack */
	bool pool;            /* what is left of something: fewer is more that is held */
};

extern const struct pp_account_info pp_accounts[PP_ACCOUNT_COUNT];

/** pp_account_alone - does the account have events of its own? */
bool pp_account_alone(unsigned account);

#endif
