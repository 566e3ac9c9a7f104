/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: what one case will do, as data and as text. docs/plan-language.md
 * is the grammar. A plan is parsed completely before anything runs; printing a
 * parsed plan and parsing it again gives the same plan.
 */
#ifndef PP_CORE_PLAN_H
#define PP_CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/err.h"
#include "core/verb.h"
#include "core/words.h"

#define PP_PLAN_VERSION 1
#define PP_NAME_MAX     48  /* of an object, actor or fact, with NUL */
#define PP_CASE_MAX     96  /* of a case name, with NUL */
#define PP_TEXT_MAX     192 /* of a quoted string, with NUL */
#define PP_NO_INDEX     0xffffu
#define PP_TIMES_MAX    32768u /* mappings of a region's file: times= */

enum pp_backing {
	PP_BACKING_ANON,
	PP_BACKING_ANON_THP,
	PP_BACKING_HUGETLB,
	PP_BACKING_MEMFD,
	PP_BACKING_TMPFS,
	PP_BACKING_EXT4,
	PP_BACKING_XFS,
	PP_BACKING_BTRFS,
	PP_BACKING_VFAT,
	PP_BACKING_FSDAX_EXT4,
	PP_BACKING_FSDAX_XFS,
	PP_BACKING_DEVDAX,
	PP_BACKING_BLOCKDEV, /* page cache of a raw disk */
	PP_BACKING_SECRETMEM,
	PP_BACKING_PFNMAP, /* a PCI resource0 file */
	PP_BACKING_VVAR,
	PP_BACKING_VDSO,
	PP_BACKING_UNMAPPED, /* an address range without a mapping */
	PP_BACKING_KERNEL,   /* a kernel address */
	PP_BACKING_COUNT
};

struct pp_backing_info {
	const char *name;
	bool needs_fs; /* region line must say fs= */
	bool has_file; /* the file can be read, written and mapped again */
	bool has_fd;   /* a file descriptor stands behind it: fsync gets an answer (has_file implies
			  it) */
	bool has_disk; /* the file has blocks on a block device: disk-read and cold-read work */
	bool dax;      /* the mapped page is the storage */
	bool special;  /* no memory of ours: only registration attempts make sense */
	bool needs_disk;     /* region line must say slot= (blockdev, devdax) */
	bool remaps;         /* a second region may map the same object: of= */
	const char *fs_type; /* the type= its fs must have; NULL without needs_fs */
};
extern const struct pp_backing_info pp_backings[PP_BACKING_COUNT];

enum pp_share { PP_SHARED, PP_PRIVATE };

#define PP_PROT_R 1u
#define PP_PROT_W 2u

enum pp_eof { PP_EOF_INSIDE, PP_EOF_STRADDLE, PP_EOF_BEYOND };

/* Access bits of an MR in the plan; names lw, rw, rr, ra, od; "none" for 0. */
#define PP_ACCESS_LW 1u  /* LOCAL_WRITE */
#define PP_ACCESS_RW 2u  /* REMOTE_WRITE */
#define PP_ACCESS_RR 4u  /* REMOTE_READ */
#define PP_ACCESS_RA 8u  /* REMOTE_ATOMIC */
#define PP_ACCESS_OD 16u /* ON_DEMAND */

/* A disk is a slot: "disk0" is the first ordinary disk the harness owns, "pmem0" the first fsdax
 * namespace. The run says which block device fills a slot. */
struct pp_fs_def {
	char name[PP_NAME_MAX];
	char type[16];           /* ext4, xfs, btrfs, vfat, tmpfs */
	char slot[16];           /* "disk0", "pmem0"; empty for tmpfs */
	uint32_t block_bytes;    /* 0: the default of mkfs */
	char mkfs[PP_TEXT_MAX];  /* further options of mkfs */
	char mount[PP_TEXT_MAX]; /* mount options */
};

/*
 * A gate is a device-mapper device in front of a slot that can be held: its name is used where a
 * slot's name is ("fs f0 ... slot=g0", "via=g0"). Gates are defined above what uses them.
 */
struct pp_gate_def {
	char name[16]; /* as long as a slot's */
	char slot[16]; /* the disk behind it */
};

struct pp_region_def {
	char name[PP_NAME_MAX];
	enum pp_backing backing;
	enum pp_share share;
	unsigned prot;       /* PP_PROT_* ; 0 is PROT_NONE */
	bool fd_readonly;    /* file opened O_RDONLY (fd=ro) */
	bool populate;       /* touched before anything else (touch=yes) */
	bool bystander;      /* bystander=yes: nobody but the set-up writes it; what breaks in it,
				or shows its bytes elsewhere, is O6 */
	enum pp_eof eof;     /* where the range lies against the end of file */
	uint16_t times;      /* how often its file is mapped (times=N), 0: once. The last is used */
	uint64_t size_bytes; /* of the mapping */
	uint16_t fs;         /* index, PP_NO_INDEX if none */
	uint16_t of;         /* region whose file this one maps too (of=NAME), PP_NO_INDEX if own */
	char slot[16];       /* blockdev: "disk1"; devdax: "devdax0" */
	uint16_t space; /* computed: index of the region that owns the data this mapping shows */
	uint16_t file_space; /* computed: index of the region that owns the file's data; PP_NO_INDEX
				if there is no file, or only a private mapping of it (no of=) */
};

enum pp_mr_kind {
	PP_MR_RXE,   /* ibv_reg_mr() */
	PP_MR_URING, /* io_uring registered buffer (kind=uring): for fixed-read and fixed-write */
	PP_MR_KIND_COUNT
};

struct pp_mr_def {
	char name[PP_NAME_MAX];
	enum pp_mr_kind kind;
	uint16_t region;
	uint64_t offset_bytes, length_bytes;
	unsigned access; /* PP_ACCESS_* */
};

enum pp_expect {
	PP_EXPECT_OK,     /* default: must succeed */
	PP_EXPECT_ERRNO,  /* must fail with expect_errno */
	PP_EXPECT_ANY,    /* either; nothing is judged */
	PP_EXPECT_ERA,    /* registration: what the policy table says for the kernel's era */
	PP_EXPECT_POLICY, /* era, and a writable long-term pin of a shared filesystem mapping that
			     is accepted is a finding of O8 (class accepted) */
};

/* How the I/O of one operation is done: mode=linked,fixed-file,sqpoll,async. Bits. */
#define PP_MODE_LINKED     1u /* IOSQE_IO_LINK chains the pieces */
#define PP_MODE_FIXED_FILE 2u /* IOSQE_FIXED_FILE */
#define PP_MODE_SQPOLL     4u /* a kernel thread submits, where available */
#define PP_MODE_ASYNC                                                                              \
	8u /* IOSQE_ASYNC: no attempt without waiting, so that a held gate sees each               \
	      bio once */

struct pp_op {
	uint32_t id;    /* unique in the plan, > 0, ascending in text order */
	uint16_t actor; /* index */
	uint16_t step;  /* index into steps */
	enum pp_verb verb;
	uint16_t object; /* index of fs, region, mr or gate as the verb's target says */
	uint64_t offset_bytes,
		length_bytes; /* relative to the region, or to the MR for target MR */
	uint32_t gen;         /* writes: generation of this actor, > 0 */
	char via[16];         /* slot or gate of the raw disk, or a filesystem; "" if none */
	uint32_t split_bytes; /* split=: pieces of one transfer; 0: one piece */
	uint16_t depth;       /* depth=: pieces in flight at once; 0 is 1 */
	uint16_t sges;        /* sges=: scatter/gather elements of one RDMA work request; 0 is 1 */
	unsigned mode;        /* PP_MODE_* */
	uint16_t to;          /* to=: region (reflink), PP_NO_INDEX if none */
	uint32_t of;          /* op=: id of the operation that an await speaks of, 0 if none */
	uint64_t least_bytes; /* least=: await-bios */
	bool limited;         /* memlock= was said: own-start */
	bool no_caps;         /* caps=none: own-start */
	uint64_t memlock_bytes; /* memlock=: the owner's RLIMIT_MEMLOCK */
	bool hazard;            /* left out by --drop-hazard */
	enum pp_expect expect;
	int expect_errno;  /* positive */
	uint32_t bound_ms; /* 0: the executor's default bound for one operation */
	uint32_t after_first,
		after_count; /* slice of plan->after: ids that must have ended before */
};

/*
 * One line of a storm: what an actor may do next, with what weight. The actor draws lines by weight
 * and ranges inside [0, length) until its time or its count is over: core/storm.h.
 */
struct pp_mix {
	uint16_t actor;
	uint32_t weight;
	uint32_t align_bytes;          /* of offset and length: align=; default PP_CELL_BYTES */
	uint32_t min_bytes, max_bytes; /* length=MIN..MAX of ranged verbs */
	struct pp_op op; /* the template: verb, object, via, mode, hazard, expect... ; its range is
			    what to draw from; id, gen and after are drawn or 0 */
};

/* What kernels are known to do, and what is no finding unless the plan says "strict". */
enum pp_strict {
	PP_STRICT_COUNTS = 1, /* operations that change the pin counters for ever: asymmetry.c */
	PP_STRICT_PAGES = 2   /* pages that are registered are replaced in their file */
};

enum pp_when { PP_WHEN_ALWAYS, PP_WHEN_ACCEPTED, PP_WHEN_REFUSED };

/* Least evidence for a PASS: the counter called name must be at least least. */
struct pp_need_evidence {
	char name[PP_NAME_MAX];
	uint64_t least;
	enum pp_when when; /* whether any op with expect=era|policy was refused */
};

struct pp_plan {
	char case_name[PP_CASE_MAX]; /* scenario/backing-or-kind/pinner */
	char backing[PP_NAME_MAX];   /* words that known-defect rows match: the region under test */
	char pinner[PP_NAME_MAX];
	uint64_t seed;
	uint32_t rules;             /* PP_RULE_BIT mask the oracle applies */
	unsigned strict;            /* PP_STRICT_* that it does not forgive */
	uint32_t bound_ms;          /* for the whole case */
	char (*needs)[PP_NAME_MAX]; /* names of facts (core/facts.h) */
	size_t n_needs;
	struct pp_need_evidence *evidence;
	size_t n_evidence;
	struct pp_gate_def *gates;
	size_t n_gates;
	struct pp_fs_def *fs;
	size_t n_fs;
	struct pp_region_def *regions;
	size_t n_regions;
	struct pp_mr_def *mrs;
	size_t n_mrs;
	char (*actors)[PP_NAME_MAX];
	size_t n_actors;
	char (*steps)[PP_NAME_MAX]; /* steps[0] is "" (before the first step line) */
	size_t n_steps;
	struct pp_op *ops;
	size_t n_ops;
	uint32_t *after;
	size_t n_after;
	/*
	 * The storm: runs where the line "storm" stands among the operations; all operations above
	 * it (any actor) end before it begins, those below begin after it ended.
	 */
	struct pp_mix *mixes;
	size_t n_mixes;
	uint32_t storm_ms;  /* "storm for=60s": 0 without a storm */
	uint32_t storm_ops; /* "storm ops=1000": most operations of each actor; 0: no limit */
	size_t storm_at;    /* index in ops of the first operation behind the storm */
	uint16_t storm_step;
};

/*
 * Ids and generations leave room for what a storm draws: those of the operations above it are
 * below PP_STORM_FIRST, those of the operations below it at least PP_STORM_END.
 */
#define PP_STORM_FIRST   1000000u
#define PP_STORM_END     1000000000u
#define PP_STORM_OPS_MAX 3000000u /* draws of one actor; 255 actors fit */
#define PP_STORM_MRS_MAX 64u      /* MRs of a plan with a storm */

/**
 * pp_plan_parse - parse a whole plan text
 * @text: NUL-terminated or not; @len bytes
 * @out: the plan, to be freed with pp_plan_free()
 * @err: names "line L column C" and what was expected there
 *
 * Returns 0, -EINVAL (bad text), -EPROTO (another version), -ENOMEM. Checks every reference, range,
 * duplicate name, operand kind, `after` cycle (after may name only earlier ids) and size multiple
 * of PP_CELL_BYTES. Pure and thread-safe.
 */
int pp_plan_parse(const char *text, size_t len, struct pp_plan **out, struct pp_err *err);

/** pp_plan_parse_from - the same of a text that begins behind @line lines of another: complaints
 *  count from there. */
int pp_plan_parse_from(const char *text, size_t len, unsigned line, struct pp_plan **out,
		       struct pp_err *err);

/** pp_plan_print - the plan as text (malloc'ed, NUL-terminated) or NULL without memory. */
char *pp_plan_print(const struct pp_plan *plan);

void pp_plan_free(struct pp_plan *plan);

/** pp_plan_crc - CRC-32C of the printed text: ties a history to its plan; 0 without memory. */
uint32_t pp_plan_crc(const struct pp_plan *plan);

/** pp_plan_has_storm - is there a storm line? */
bool pp_plan_has_storm(const struct pp_plan *plan);
const struct pp_op *pp_plan_op(const struct pp_plan *plan, uint32_t id); /* NULL if absent */
/** pp_plan_gate - index of the gate called @name (a slot word), PP_NO_INDEX if it is a real slot.
 */
uint16_t pp_plan_gate(const struct pp_plan *plan, const char *name);
/** pp_plan_via_fs - index of the filesystem that the op's via= names, PP_NO_INDEX if it is a disk's
 *  slot or gate. A gate of that name goes first. */
uint16_t pp_plan_via_fs(const struct pp_plan *plan, const struct pp_op *op);
/** pp_plan_op_region - region index an op acts on (through its MR if need be), PP_NO_INDEX if none.
 */
uint16_t pp_plan_op_region(const struct pp_plan *plan, const struct pp_op *op);
/** pp_plan_op_offset - offset in the region (adds the MR's offset). */
uint64_t pp_plan_op_offset(const struct pp_plan *plan, const struct pp_op *op);
/** pp_plan_scenario - first component of the case name into @out (PP_NAME_MAX). */
void pp_plan_scenario(const struct pp_plan *plan, char *out);

/*
 * Builder: scenarios write plan text line by line, so that there is one grammar and one parser.
 */
struct pp_plan_text {
	char *text; /* malloc'ed; NUL-terminated */
	size_t len, cap;
	uint32_t next_op;  /* id of the next op line; 0 is taken for 1 */
	uint32_t next_gen; /* generation of the next write; 0 is taken for 1 */
	uint32_t held_op;  /* of who builds it: an operation that a later line waits for */
	int failed;        /* -ENOMEM once memory ran out; later calls do nothing */
};

/** pp_say - append one formatted line (newline added). */
void pp_say(struct pp_plan_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** pp_op - append "op ID main FMT" with the next id; returns the id. */
uint32_t pp_op(struct pp_plan_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** pp_op_by - the same for another actor. */
uint32_t pp_op_by(struct pp_plan_text *t, const char *actor, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** pp_storm_line - append "storm FMT", such as "for=60s ops=100000"; ids and generations of what
 *  follows leave the room that a storm needs. */
void pp_storm_line(struct pp_plan_text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** pp_mix - append "mix ACTOR FMT": a line of the storm above. */
void pp_mix(struct pp_plan_text *t, const char *actor, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** pp_gen - the next generation, from 1: for `gen=%u` of a write. */
uint32_t pp_gen(struct pp_plan_text *t);

#endif
