/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The long-term pin policy table and the look-ups in it. */
#include "core/policy.h"

#include <errno.h>
#include <string.h>

const unsigned pp_policy_access_masks[PP_POLICY_ACCESS_COUNT] = {
	[PP_POLICY_NONE] = 0,
	[PP_POLICY_RR] = PP_ACCESS_RR,
	[PP_POLICY_LW] = PP_ACCESS_LW,
	[PP_POLICY_LW_RW] = PP_ACCESS_LW | PP_ACCESS_RW,
	[PP_POLICY_OD] = PP_ACCESS_LW | PP_ACCESS_OD,
};

/*
 * Access 0 equals REMOTE_READ and LOCAL_WRITE equals LOCAL_WRITE|REMOTE_WRITE in every row, because
 * ib_umem_get() looks only at whether the access can write. ON_DEMAND is refused before the VMA is
 * looked at (ib_check_mr_access); its errno in 6.2-6.4 was never observed, so it is not judged.
 */
#define OK 0
#define FA EFAULT
#define NS EOPNOTSUPP
#define NJ PP_POLICY_NOT_JUDGED

#define COLUMNS(read, write, od)                                                                   \
	{                                                                                          \
		(read), (read), (write), (write), (od)                                             \
	}
#define EXPECT(read56, write56, read62, write62, read65, write65)                                  \
	{                                                                                          \
		COLUMNS(read56, write56, EINVAL), COLUMNS(read62, write62, NJ),                    \
			COLUMNS(read65, write65, EOPNOTSUPP)                                       \
	}

/* io_uring's registered buffers: 5.6-6.1 pins, then refuses files other than shmem and hugetlb
 * (io_pin_pages()); 6.5 on GUP alone decides. 6.2-6.4 were never observed. */
#define URING(u56, u65)                                                                            \
	{                                                                                          \
		(u56), NJ, (u65)                                                                   \
	}
#define U_OK      URING(OK, OK)
#define U_NEVER   URING(FA, FA)
#define U_TRACKED URING(NS, FA) /* 5.6: the file's kind; 6.5: it tracks dirtying */
#define U_FILE    URING(NS, OK) /* 5.6: the file's kind, also of private copies */
#define U_DAX     URING(NS, NS)

/* What the rows have in common, by the check that decides. Read/write for 5.6, 6.2, 6.5. */
#define ALWAYS     EXPECT(OK, OK, OK, OK, OK, OK)
#define NEVER      EXPECT(FA, FA, FA, FA, FA, FA)
#define NEVER_DAX  EXPECT(NS, NS, NS, NS, NS, NS)
#define READ_ONLY  EXPECT(OK, FA, OK, FA, OK, FA) /* 5.6: by FOLL_FORCE and a private copy */
#define READ_62    EXPECT(FA, FA, OK, FA, OK, FA) /* 5.6: FOLL_FORCE needs a COW mapping */
#define NONE_ANON  EXPECT(OK, FA, FA, FA, FA, FA) /* 5.6: FOLL_FORCE ignores PROT_NONE */
#define WRITE_ONLY EXPECT(OK, OK, FA, OK, FA, OK) /* 6.2: a read pin needs VM_READ */
#define TRACKED    EXPECT(OK, OK, OK, OK, OK, FA) /* 6.5: no writable pin of shared file mappings */

#define WHY_OK      "check_vma_flags: nothing forbids it"
#define WHY_PERM    "check_vma_flags: write needs VM_WRITE, read needs VM_READ; 5.6-6.1 always write"
#define WHY_TRACKED "writable_file_mapping_allowed (since 6.5): the filesystem tracks dirtying"
#define WHY_DAX     "check_vma_flags: FOLL_LONGTERM and vma_is_fsdax"
#define WHY_EOF     "handle_mm_fault: SIGBUS beyond the end of file"
#define WHY_NO_VMA  "find_vma: no mapping there"
#define WHY_IO      "check_vma_flags: VM_IO or VM_PFNMAP"

#define SHARED_RW   " share=shared prot=rw fd=rw touch=yes eof=inside"
#define SHARED_RO   " share=shared prot=r fd=rw touch=no eof=inside"
#define SHARED_FDRO " share=shared prot=r fd=ro touch=no eof=inside"
#define SHARED_NONE " share=shared prot=none fd=rw touch=no eof=inside"
#define PRIVATE_RW  " share=private prot=rw fd=rw touch=yes eof=inside"
#define PRIVATE_RO  " share=private prot=r fd=rw touch=no eof=inside"
#define UNTOUCHED   " share=private prot=rw fd=rw touch=no eof=inside"

/* clang-format off */
/* The six rows that every filesystem with a page cache has; they differ in the first only. */
#define FILE_ROWS(fs, shared_rw, shared_why, u_shared, u_private, hole)                             \
	{ fs "-shared-rw", "backing=" fs SHARED_RW, shared_why, shared_rw, u_shared, false, hole }, \
	{ fs "-shared-ro", "backing=" fs SHARED_RO, WHY_PERM, READ_62, U_NEVER, false, false },     \
	{ fs "-shared-ro-fdro", "backing=" fs SHARED_FDRO, WHY_PERM, READ_62, U_NEVER, false, false }, \
	{ fs "-private-rw", "backing=" fs PRIVATE_RW, WHY_OK, ALWAYS, u_private, false, false },    \
	{ fs "-private-ro", "backing=" fs PRIVATE_RO, WHY_PERM, READ_ONLY, U_NEVER, false, false }, \
	{ fs "-none", "backing=" fs SHARED_NONE, WHY_PERM, NEVER, U_NEVER, false, false }

/* A touched private page is anonymous and fast GUP takes it without seeing the VMA: untouched only. */
#define DAX_ROWS(fs)                                                                               \
	{ fs "-shared-rw", "backing=" fs SHARED_RW, WHY_DAX, NEVER_DAX, U_DAX, false, false },            \
	{ fs "-shared-ro", "backing=" fs SHARED_RO, WHY_DAX, NEVER_DAX, U_DAX, false, false },            \
	{ fs "-private-rw", "backing=" fs UNTOUCHED, WHY_DAX, NEVER_DAX, U_DAX, true, false },            \
	{ fs "-private-ro", "backing=" fs PRIVATE_RO, WHY_DAX, NEVER_DAX, U_DAX, false, false },          \
	{ fs "-none", "backing=" fs SHARED_NONE, WHY_DAX, NEVER_DAX, U_DAX, false, false }

const struct pp_policy_row pp_policy_rows[] = {
	{ "anon-private-rw", "backing=anon" PRIVATE_RW, WHY_OK, ALWAYS, U_OK, false, false },
	{ "anon-shared-rw", "backing=anon" SHARED_RW, WHY_OK, ALWAYS, U_OK, false, false },
	{ "anon-ro", "backing=anon" PRIVATE_RO, WHY_PERM, READ_ONLY, U_NEVER, false, false },
	{ "anon-none", "backing=anon share=private prot=none fd=rw touch=no eof=inside",
	  WHY_PERM, NONE_ANON, U_NEVER, false, false },
	{ "anon-wo", "backing=anon share=private prot=w fd=rw touch=no eof=inside",
	  WHY_PERM, WRITE_ONLY, U_OK, true, false },
	{ "anon-wo-touched", "backing=anon share=private prot=w fd=rw touch=yes eof=inside",
	  "gup_fast: a present page is readable on x86, the VMA is not looked at",
	  ALWAYS, U_OK, true, false },
	{ "anon-thp", "backing=anon-thp" PRIVATE_RW, WHY_OK, ALWAYS, U_OK, false, false },
	{ "hugetlb-private-rw", "backing=hugetlb" PRIVATE_RW, WHY_OK, ALWAYS, U_OK, false, false },
	{ "hugetlb-shared-rw", "backing=hugetlb" SHARED_RW, WHY_OK, ALWAYS, U_OK, false, false },
	{ "hugetlb-private-ro", "backing=hugetlb" PRIVATE_RO,
	  "check_vma_flags: 5.6-6.1 always write, and FOLL_FORCE excludes hugetlb",
	  READ_62, U_NEVER, false, false },
	{ "memfd-shared-rw", "backing=memfd" SHARED_RW, WHY_OK, ALWAYS, U_OK, false, false },
	{ "memfd-shared-ro", "backing=memfd" SHARED_RO, WHY_PERM, READ_62, U_NEVER, false, false },
	{ "memfd-private-rw", "backing=memfd" PRIVATE_RW, WHY_OK, ALWAYS, U_OK, false, false },
	FILE_ROWS("tmpfs", ALWAYS, WHY_OK, U_OK, U_OK, false),
	FILE_ROWS("ext4", TRACKED, WHY_TRACKED, U_TRACKED, U_FILE, true),
	FILE_ROWS("xfs", TRACKED, WHY_TRACKED, U_TRACKED, U_FILE, true),
	FILE_ROWS("btrfs", TRACKED, WHY_TRACKED, U_TRACKED, U_FILE, true),
	FILE_ROWS("vfat", TRACKED, WHY_TRACKED, U_TRACKED, U_FILE, true),
	{ "blockdev-shared-rw", "backing=blockdev" SHARED_RW, WHY_TRACKED, TRACKED, U_TRACKED, false, true },
	DAX_ROWS("fsdax-ext4"),
	DAX_ROWS("fsdax-xfs"),
	{ "devdax-shared-rw", "backing=devdax" SHARED_RW, WHY_OK, ALWAYS, U_FILE, false, false },
	{ "devdax-shared-ro", "backing=devdax" SHARED_RO, WHY_PERM, READ_62, U_NEVER, false, false },
	{ "memfd-private-ro", "backing=memfd" PRIVATE_RO, WHY_PERM, READ_ONLY, U_NEVER, false, false },
	{ "memfd-beyond-eof", "backing=memfd share=shared prot=rw fd=rw touch=no eof=beyond",
	  WHY_EOF, NEVER, U_NEVER, false, false },
	{ "ext4-beyond-eof", "backing=ext4 share=shared prot=rw fd=rw touch=no eof=beyond",
	  WHY_EOF, NEVER, U_NEVER, false, false },
	{ "ext4-straddle-eof", "backing=ext4 share=shared prot=rw fd=rw touch=no eof=straddle",
	  WHY_EOF, NEVER, U_NEVER, false, false },
	{ "memfd-straddle-eof", "backing=memfd share=shared prot=rw fd=rw touch=no eof=straddle",
	  WHY_EOF, NEVER, U_NEVER, false, false },
	{ "secretmem", "backing=secretmem" SHARED_RW, "check_vma_flags: vma_is_secretmem",
	  NEVER, U_NEVER, false, false },
	{ "pfnmap", "backing=pfnmap", WHY_IO, NEVER, U_NEVER, false, false },
	{ "vvar", "backing=vvar", WHY_IO, NEVER, U_NEVER, false, false },
	{ "vdso", "backing=vdso", WHY_PERM, READ_ONLY, U_NEVER, false, false },
	{ "unmapped", "backing=unmapped", WHY_NO_VMA, NEVER, U_NEVER, false, false },
	{ "kernel-address", "backing=kernel", WHY_NO_VMA, NEVER, U_NEVER, false, false },
};
/* clang-format on */
const size_t pp_policy_n_rows = PP_ARRAY_LEN(pp_policy_rows);

int pp_policy_column(unsigned access)
{
	for (int i = 0; i < PP_POLICY_ACCESS_COUNT; i++)
		if (pp_policy_access_masks[i] == access)
			return i;
	return -1;
}

/* Is there a word KEY=@value in @words, or no word KEY= at all? @key includes the '='. */
static bool word_covers(const char *words, const char *key, const char *value)
{
	const char *at = strstr(words, key);
	size_t len = strlen(value);

	if (!at)
		return true;
	at += strlen(key);
	return strncmp(at, value, len) == 0 && (at[len] == ' ' || at[len] == '\0');
}

static bool row_covers(const struct pp_policy_row *row, const struct pp_region_def *r)
{
	static const char *const prots[] = { "none", "r", "w", "rw" };
	static const char *const eofs[] = { "inside", "straddle", "beyond" };

	return word_covers(row->region, "backing=", pp_backings[r->backing].name) &&
	       word_covers(row->region, "share=", r->share == PP_SHARED ? "shared" : "private") &&
	       word_covers(row->region, "prot=", prots[r->prot & (PP_PROT_R | PP_PROT_W)]) &&
	       word_covers(row->region, "eof=", eofs[r->eof]) &&
	       (!row->touch_decides ||
		word_covers(row->region, "touch=", r->populate ? "yes" : "no"));
}

const struct pp_policy_row *pp_policy_find(const struct pp_region_def *r)
{
	const struct pp_policy_row *other_fd = NULL;

	for (size_t i = 0; i < pp_policy_n_rows; i++) {
		const struct pp_policy_row *row = &pp_policy_rows[i];

		if (!row_covers(row, r))
			continue;
		if (word_covers(row->region, "fd=", r->fd_readonly ? "ro" : "rw"))
			return row;
		if (!other_fd)
			other_fd = row;
	}
	return other_fd;
}

int pp_policy_expect(const struct pp_region_def *r, unsigned access, enum pp_era era)
{
	const struct pp_policy_row *row = pp_policy_find(r);
	int column = pp_policy_column(access);

	if (!row || column < 0 || era < 0 || era >= PP_ERA_COUNT)
		return PP_POLICY_NOT_JUDGED;
	return row->expect[era][column];
}

int pp_policy_mr_column(const struct pp_mr_def *mr)
{
	return mr->kind == PP_MR_URING ? PP_POLICY_URING : pp_policy_column(mr->access);
}

static int row_expects(const struct pp_policy_row *row, int column, enum pp_era era)
{
	if (column < 0)
		return PP_POLICY_NOT_JUDGED;
	return column == PP_POLICY_URING ? row->uring[era] : row->expect[era][column];
}

int pp_policy_expect_mr(const struct pp_region_def *r, const struct pp_mr_def *mr, enum pp_era era)
{
	const struct pp_policy_row *row = pp_policy_find(r);

	if (!row || era < 0 || era >= PP_ERA_COUNT)
		return PP_POLICY_NOT_JUDGED;
	return row_expects(row, pp_policy_mr_column(mr), era);
}

unsigned pp_policy_eras(const struct pp_policy_row *row, int column, int result)
{
	unsigned eras = 0;

	for (int era = 0; era < PP_ERA_COUNT; era++)
		if (row_expects(row, column, (enum pp_era)era) == result)
			eras |= 1u << era;
	return eras;
}
