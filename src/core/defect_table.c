/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The known defects of stock kernels: one table, its rows in files by what they are about. Alone
 * in its file, so that a program that defines a table of its own (tests/selftest) keeps this one
 * out of its link.
 */
#include "core/defect.h"

#define CLASS(c) (1u << (c))

/* Not fixed in any kernel that was looked at. */
#define EVER                                                                                       \
	{                                                                                          \
		1000, 0, 0                                                                         \
	}

#define DISALLOW_COMMITS                                                                           \
	"fixed by 8ac268436e6d and a6e79df92e4a (6.5, \"mm/gup: disallow FOLL_LONGTERM GUP "       \
	"writing to file-backed mappings\")"

#define DAX_UNMAPPED                                                                               \
	"fixed by \"fs/dax: return unmapped busy pages from dax_layout_busy_page_range()\" (6.15)"

/*
 * xfs reads ahead in large folios since 5.18; buffered writes use them since 6.6 only. Seen on
 * 6.1.192 and 6.12.117, and by no report we know: lore.kernel.org
 * 20260928120833.3440834-1-yi.zhang@huaweicloud.com is about other losses of the same function.
 */
#define FOLIO_EDGES                                                                                \
	"mm/truncate.c, truncate_inode_partial_folio(): zeroes before it tries to split; "         \
	"fs/xfs/xfs_bmap_util.c, xfs_flush_unmap_range(): cuts out more than the hole"

#define FOLIO_TAKEN                                                                                \
	"mm/truncate.c, truncate_inode_partial_folio(): what it cannot split and finds clean it "  \
	"takes out of the page cache as a whole"

/* Of a disk that finds a wrong guard, and of ext4 above it. */
#define GUARD_LOG                                                                                  \
	"^scsi_debug:dif_verify: GUARD check failed on sector|"                                    \
	"^protection error, dev sd[a-z]+, sector N op [^ ]*:\\(WRITE\\)|"                          \
	"^EXT4-fs warning \\(device sd[a-z]+\\): ext4_end_bio:N: I/O error|"                       \
	"^Buffer I/O error on device sd[a-z]+, logical block N"

#define DIO_FORK "open.2, NOTES; O_DIRECT pins its pages since 6.5"

/* Seen on 6.1.192 and 6.12.117, and by no report we know; registered buffers came with 5.1. */
#define FIXED_READ                                                                                 \
	"block/fops.c: the pages of registered buffers are no user_backed_iter(), so not made "    \
	"dirty; io_uring/rsrc.c unpins them as they are"

/* Seen on 6.1.192 and 6.12.117, and by no report we know. */
#define DEVDAX_UNBIND                                                                              \
	"mm/memremap.c, memunmap_pages(): waits for pgmap->ref, which GUP does not hold once it "  \
	"has walked"

/* Seen on 6.1.192 and 6.12.117, and by no report we know. The range begins where 13e451fdc1af
 * closed it for read faults, by the message of that commit: older trees were not read. */
#define DAX_FAULT                                                                                  \
	"fs/dax.c, dax_iomap_iter(): unmaps only where it allocated itself (IOMAP_F_NEW), "        \
	"dax_iomap_pte_fault() has the block before dax_insert_entry() unmaps the zero page"

const struct pp_defect pp_defects[] = {
#include "core/defect_rows_memory.h"
#include "core/defect_rows_sync.h"
#include "core/defect_rows_blocks.h"
#include "core/defect_rows_dax.h"
#include "core/defect_rows_storm.h"
#include "core/defect_rows_report.h"
};
const size_t pp_n_defects = PP_ARRAY_LEN(pp_defects);
