/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the accounts of the ledger (core/account.h) from /proc, /sys and RDMA
 * netlink: pins, charges of several processes, pools of huge pages, objects of
 * the RDMA device, descriptors, free memory. What is read at each quiet point
 * stays open between them.
 */
#ifndef PP_SYS_ACCOUNTS_H
#define PP_SYS_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/account.h"
#include "core/err.h"

#define PP_ACCOUNT_CHILDREN 256

/* Where to read. A test gives directories of its own. */
struct pp_account_place {
	const char *proc, *sys; /* NULL: /proc, /sys */
	const char *ibdev;      /* the RDMA device; NULL: none */
};

/* Whose charges are asked for beside those of the process itself. */
struct pp_account_pids {
	pid_t owner, heir; /* 0: none is alive */
	pid_t children[PP_ACCOUNT_CHILDREN];
	size_t n_children;
};

struct pp_accounts;

/**
 * pp_accounts_open - open what readings by this process need
 *
 * "The process" of all later readings is the one that opens. Returns 0, or -errno with a sentence
 * if the files of /proc that each reading needs cannot be opened.
 */
int pp_accounts_open(const struct pp_account_place *where, struct pp_accounts **out,
		     struct pp_err *err);
void pp_accounts_close(struct pp_accounts *a); /* NULL is fine */

/**
 * pp_accounts_read - one reading of every account
 * @value: as the kernel says, since boot or since the process began; PP_ACCOUNT_UNKNOWN where it
 *	does not: no nr_foll_pin_* or no right to write vm.stat_refresh, no such process, no
 *	netlink answer, no device.
 *
 * The pin counters are exact, as vm.stat_refresh folds those of each CPU (mm/vmstat.c,
 * vmstat_refresh()). Thread-safe: readings take turns. Returns 0, or -errno if /proc itself cannot
 * be read.
 */
int pp_accounts_read(struct pp_accounts *a, const struct pp_account_pids *of,
		     int64_t value[PP_ACCOUNT_COUNT], struct pp_err *err);

/** pp_accounts_device_possible - does the kernel tell how many objects a device has? 0 or -errno
 *  and why. */
int pp_accounts_device_possible(uint32_t device, struct pp_err *why);

#endif
