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
	/* writes by the CPU or through the file */
	PP_VERB_STORE,      /* through the mapping */
	PP_VERB_PWRITE,     /* through the file descriptor and the page cache */
	PP_VERB_DIO_PWRITE, /* O_DIRECT io_uring write to the file, past the page cache */
	/* device writes */
	PP_VERB_RDMA_WRITE,     /* RDMA WRITE into an MR over the region */
	PP_VERB_RDMA_WRITE_IMM, /* the same WITH_IMM: the responder gets a completion */
	PP_VERB_RDMA_SEND,      /* SEND into a RECV that was posted over the MR */
	PP_VERB_RDMA_FETCH,     /* RDMA READ of our stage whose response lands in the MR */
	PP_VERB_ATOMIC_ADD,     /* fetch-and-add of 8 bytes of the MR */
	PP_VERB_ATOMIC_SWAP,    /* compare-and-swap of 8 bytes of the MR */
	PP_VERB_DIO_READ,       /* O_DIRECT io_uring read from a raw disk into the mapping */
	PP_VERB_FIXED_READ,     /* the same into a registered buffer (READ_FIXED) */
	PP_VERB_VM_WRITE,       /* process_vm_writev into the mapping */
	/* observations */
	PP_VERB_LOAD,       /* CPU load through the mapping */
	PP_VERB_PEER_LOAD,  /* CPU load by a second process through its own mapping */
	PP_VERB_PREAD,      /* page cache through the file descriptor */
	PP_VERB_URING_READ, /* the same by io_uring */
	PP_VERB_DIO_PREAD,  /* O_DIRECT read of the file: writes dirty pages back first */
	PP_VERB_RDMA_READ,  /* RDMA READ of the MR */
	PP_VERB_DIO_WRITE, /* O_DIRECT io_uring write from the mapping to a raw disk, disk then read
			    */
	PP_VERB_FIXED_WRITE,  /* the same from a registered buffer (WRITE_FIXED) */
	PP_VERB_VM_READ,      /* process_vm_readv */
	PP_VERB_VMSPLICE,     /* vmsplice into a pipe, pipe then drained */
	PP_VERB_SPLICE_DRAIN, /* read what splice-hold or child-hold left in the actor's pipe */
	PP_VERB_DISK_READ,    /* block device at the FIEMAP offset, O_DIRECT */
	PP_VERB_COLD_READ,    /* unmount, mount, pread: durable image */
	/* synchronisation of data with storage */
	PP_VERB_FSYNC,
	PP_VERB_FDATASYNC,
	PP_VERB_MSYNC,       /* MS_SYNC over the range */
	PP_VERB_MSYNC_ASYNC, /* promises nothing */
	PP_VERB_SYNC_RANGE,  /* sync_file_range(WAIT_BEFORE|WRITE|WAIT_AFTER) */
	PP_VERB_SYNCFS,
	/* references held until the scenario lets go, and windows opened on purpose */
	PP_VERB_SPLICE_HOLD, /* vmsplice into the actor's pipe, left unread: pages stay referenced
			      */
	PP_VERB_CHILD_HOLD,  /* the same by a child, which stays until reap or kill */
	PP_VERB_GATE_HOLD,   /* suspend a gate: bios queue up */
	PP_VERB_GATE_OPEN,   /* resume it */
	PP_VERB_AWAIT_BIOS, /* proof: at least so many bytes queued at the gate since it was held */
	PP_VERB_AWAIT_WRITEBACK, /* proof: every page of the range is under writeback */
	PP_VERB_AWAIT_ASLEEP,    /* proof: the actor of another op sleeps in the kernel inside it */
	PP_VERB_AWAIT_HUGE,      /* proof: the kernel maps the range by huge pages */
	/* hazards */
	PP_VERB_TRUNCATE, /* set the file's end to the start of the range */
	PP_VERB_EXTEND,   /* set it back to the end of the region */
	PP_VERB_PUNCH,
	PP_VERB_ZERO_RANGE,
	PP_VERB_COLLAPSE,
	PP_VERB_INSERT,
	PP_VERB_REFLINK,  /* FICLONE of the file into the file of to= */
	PP_VERB_DONTNEED, /* madvise(MADV_DONTNEED) */
	PP_VERB_PAGEOUT,  /* madvise(MADV_PAGEOUT) */
	PP_VERB_FADVISE,  /* posix_fadvise(DONTNEED) */
	PP_VERB_MREMAP,
	PP_VERB_FORK, /* a child shares the mapping until reap */
	PP_VERB_REAP, /* end the actor's child */
	PP_VERB_KILL, /* SIGKILL the actor's child, and wait for it */
	PP_VERB_MIGRATE,
	PP_VERB_COMPACT,
	PP_VERB_DROP_CACHES,
	PP_VERB_RECLAIM, /* reclaim under a cgroup limit */
	PP_VERB_THP_SPLIT,
	PP_VERB_KSM,
	PP_VERB_POOL_DRAIN,   /* leave no spare page in the pool of huge pages */
	PP_VERB_POOL_REFILL,  /* make it as large as it was */
	PP_VERB_PROTECT_R,    /* mprotect to PROT_READ */
	PP_VERB_PROTECT_NONE, /* to PROT_NONE */
	PP_VERB_PROTECT_RW,   /* back to both */
	PP_VERB_SOFT_CLEAN,   /* clear the soft-dirty bits of the process */
	PP_VERB_UFFD_PROTECT, /* write protection by userfaultfd */
	PP_VERB_UFFD_UNPROTECT,
	PP_VERB_UFFD_MOVE,    /* each page moved to another address by userfaultfd, and back */
	PP_VERB_MADV_FREE,    /* madvise(MADV_FREE) */
	PP_VERB_THP_COLLAPSE, /* madvise(MADV_COLLAPSE) */
	PP_VERB_SEAL_WRITE,   /* F_SEAL_WRITE */
	PP_VERB_SEAL_FUTURE,  /* F_SEAL_FUTURE_WRITE */
	PP_VERB_OFFLINE,      /* the block of memory of the range's first page, and online again */
	PP_VERB_DAX_UNBIND,   /* the driver is taken from the region's device */
	PP_VERB_FREEZE,
	PP_VERB_THAW,
	PP_VERB_SELF_READ,   /* O_DIRECT read of the file into its own mapping, same offsets */
	PP_VERB_SELF_WRITE,  /* O_DIRECT write of the mapping into its own file, same offsets */
	PP_VERB_LINK_DELETE, /* rdma link delete of a link that another process holds MRs on */
	/* the owner: a process with mappings, device file and registrations of its own */
	PP_VERB_OWN_START,
	PP_VERB_OWN_REG,
	PP_VERB_OWN_DEREG,
	PP_VERB_OWN_UNMAP, /* munmap of a part of its mapping */
	PP_VERB_OWN_FORK,  /* a child of it, the heir, inherits its descriptors and stays */
	PP_VERB_OWN_EXEC,  /* it executes another program, which stays: close-on-exec */
	PP_VERB_OWN_EXIT,  /* it ends without letting go of anything */
	PP_VERB_OWN_KILL,  /* SIGKILL, and wait for its end */
	PP_VERB_HEIR_END,  /* the heir ends */
	/* looks at page frames: no data */
	PP_VERB_PAGE_LOOK,  /* frames and states of the pages behind the mapping */
	PP_VERB_PAGE_MARK,  /* the same, and remember the frames */
	PP_VERB_CHILD_LOOK, /* the same place in the actor's child */
	PP_VERB_FRAME_LOOK, /* states of the frames that page-mark remembered */
	/* judging the filesystem and the ledger */
	PP_VERB_FSCK,  /* check of the unmounted filesystem, without repair */
	PP_VERB_QUIET, /* quiet point: pins, VmPin, fabric packets against the baseline */
	/* Later ones: the binary history has the numbers. */
	PP_VERB_NUMA_BALANCE, /* read from another node, until the kernel brings it there */
	PP_VERB_SOFT_OFFLINE, /* MADV_SOFT_OFFLINE: pages move, their frames are lost */
	PP_VERB_POISON,       /* MADV_HWPOISON: the frames are bad, whoever has them */
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
	       PP_KIND_DETACH, /* unmap: region no longer shares its pages afterwards */
	       PP_KIND_HOLD,   /* takes a reference that lasts until another op */
	       PP_KIND_WINDOW, /* opens, proves or closes a window; no data */
	       PP_KIND_HAZARD, /* what filesystem or mm do meanwhile: see effect */
	       PP_KIND_CHECK,  /* of a filesystem */
	       PP_KIND_LEDGER,
	       PP_KIND_LOOK /* at page frames: pages' numbers and states, no data */
};

/* What the model allows after a hazard (and after a write, for PP_EFFECT_REPLACE). */
enum pp_effect {
	PP_EFFECT_NONE,    /* content and sharing stay as they are */
	PP_EFFECT_HOLE,    /* the range reads as zeros; pages leave the file, MRs over them keep
			      orphans */
	PP_EFFECT_SHIFT,   /* content moves by whole blocks; pages as with HOLE */
	PP_EFFECT_REPLACE, /* a write that throws the cached pages away: MRs over them keep orphans
			    */
	PP_EFFECT_DROP,  /* private and anonymous pages of the range are gone: initial content, MRs
			    keep orphans; shared memory: nothing */
	PP_EFFECT_SELF,  /* the range is rewritten with what it showed at some moment meanwhile */
	PP_EFFECT_FREE,  /* private pages of the range that no MR holds may be as in the beginning,
			    from now on */
	PP_EFFECT_CLONE, /* the file of to= shows what this file showed at some moment meanwhile,
			    for ever */
	PP_EFFECT_POISON /* no mapping has the pages of the range any more, and who touches them
			    faults; MRs keep them, and what is in them */
};

enum pp_target { /* what the first operand names */
		 PP_TARGET_NONE,
		 PP_TARGET_FS,
		 PP_TARGET_REGION,
		 PP_TARGET_MR,
		 PP_TARGET_GATE
};

struct pp_verb_info {
	const char *name; /* in plans and histories: "rdma-write" */
	enum pp_kind kind;
	enum pp_target target;
	enum pp_effect effect;
	bool ranged;  /* takes OFFSET+LENGTH (default: the whole region or MR) */
	bool bytes;   /* the range need not consist of whole cells */
	bool via;     /* needs via=DISK: the raw disk it reads from or writes to */
	bool durable; /* observation of a durable image (O2 witness) */
	bool pin;     /* observation through pinned pages */
	bool file;    /* acts on the file behind the region, not the mapping: for a private region
			 the file's own data space is expected */
	bool moves;   /* changes the region's address or mapping: runs alone on the region */
	bool machine; /* disturbs the whole machine */
	bool cleans;  /* may write dirty pages back: of its file, its filesystem, or any */
	bool owner; /* is done by the owner: what it maps and registers is no memory of the case */
	const char *needs; /* fact it needs beyond its object's, NULL if none */
	const char *title;
};

extern const struct pp_verb_info pp_verbs[PP_VERB_COUNT];

/** pp_verb_find - the verb called @name, PP_VERB_NONE if there is none. */
enum pp_verb pp_verb_find(const char *name);

#endif
