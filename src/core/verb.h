/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of operations that a plan may name and a history may record: what
 * each acts on, what it means to the oracle. One row per verb, used by the plan
 * parser, the executor, the history and the oracle alike.
 */
#ifndef PP_CORE_VERB_H
#define PP_CORE_VERB_H

#include <stdbool.h>

enum pp_verb {
	PP_VERB_NONE,
	/* set-up and tear-down */
	PP_VERB_MKFS,
	PP_VERB_MOUNT,
	PP_VERB_UMOUNT,
	PP_VERB_MAP,
	PP_VERB_UNMAP,
	/* registration */
	PP_VERB_REG,
	PP_VERB_DEREG,
	/* writes by the CPU */
	PP_VERB_STORE,  /* through the mapping */
	PP_VERB_PWRITE, /* through the file descriptor and the page cache */
	/* device writes */
	PP_VERB_RDMA_WRITE, /* RDMA WRITE into an MR over the region */
	PP_VERB_DIO_READ,   /* O_DIRECT io_uring read from a raw disk into the mapping */
	PP_VERB_VM_WRITE,   /* process_vm_writev into the mapping */
	/* observations */
	PP_VERB_LOAD,      /* CPU load through the mapping */
	PP_VERB_PREAD,     /* page cache through the file descriptor */
	PP_VERB_RDMA_READ, /* RDMA READ of the MR */
	PP_VERB_DIO_WRITE, /* O_DIRECT io_uring write from the mapping to a raw disk, disk then read
			    */
	PP_VERB_VM_READ,   /* process_vm_readv */
	PP_VERB_VMSPLICE,  /* vmsplice into a pipe, pipe then drained */
	PP_VERB_DISK_READ, /* block device at the FIEMAP offset, O_DIRECT */
	PP_VERB_COLD_READ, /* unmount, mount, pread: durable image */
	/* synchronisation of data with storage */
	PP_VERB_FSYNC,
	PP_VERB_FDATASYNC,
	PP_VERB_MSYNC,       /* MS_SYNC over the range */
	PP_VERB_MSYNC_ASYNC, /* promises nothing */
	/* ledger */
	PP_VERB_QUIET, /* quiet point: pins, VmPin, fabric packets against the baseline */
	PP_VERB_COUNT
};

enum pp_kind { /* what the oracle makes of it */
	       PP_KIND_SETUP,
	       PP_KIND_PIN,
	       PP_KIND_UNPIN,
	       PP_KIND_WRITE,
	       PP_KIND_DEVICE_WRITE,
	       PP_KIND_OBSERVE,
	       PP_KIND_SYNC,
	       PP_KIND_DETACH, /* region no longer shares its pages afterwards (unmap, and later
				  DONTNEED...) */
	       PP_KIND_LEDGER
};

enum pp_target { /* what the first operand names */
		 PP_TARGET_NONE,
		 PP_TARGET_FS,
		 PP_TARGET_REGION,
		 PP_TARGET_MR
};

struct pp_verb_info {
	const char *name; /* in plans and histories: "rdma-write" */
	enum pp_kind kind;
	enum pp_target target;
	bool ranged;  /* takes OFFSET+LENGTH (default: the whole region or MR) */
	bool via;     /* needs via=DISK: the raw disk it reads from or writes to */
	bool durable; /* observation of a durable image (O2 witness) */
	bool file;    /* observes the file behind the region, not the mapping: for a private region
			 the file's own data space is expected */
	const char *title;
};

extern const struct pp_verb_info pp_verbs[PP_VERB_COUNT];

/** pp_verb_find - the verb called @name, PP_VERB_NONE if there is none. */
enum pp_verb pp_verb_find(const char *name);

#endif
