/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of kernel events that a trace asks for; see trace.h. What a kernel does not have is
 * left out and said: nothing here goes by versions. */
#include "core/trace.h"

#include "core/words.h"

const char *const pp_lane_names[PP_LANE_COUNT] = {
	[PP_LANE_TASKS] = "tasks",         [PP_LANE_CACHE] = "page cache",
	[PP_LANE_WRITEBACK] = "writeback", [PP_LANE_SYNC] = "sync",
	[PP_LANE_TRUNCATE] = "truncate",   [PP_LANE_DAX] = "dax",
	[PP_LANE_PINS] = "pin and unpin",  [PP_LANE_COPIES] = "rxe copies",
	[PP_LANE_RING] = "io_uring",       [PP_LANE_DISK] = "disk",
};

#define AT     PP_PHASE_INSTANT
#define BEGIN  PP_PHASE_BEGIN
#define END    PP_PHASE_END
#define OTHERS true /* optional */

/*
 * The first three say which threads are the case's and how they are called: the witness takes them
 * in, and no trace has them.
 *
 * Pins are counted where they are asked for: the public functions of mm/gup.c cannot be inlined
 * into their callers in other files, and what they return is what was pinned. Of the way back, too,
 * every public function is here.
 */
/* clang-format off */
const struct pp_trace_kind pp_trace_kinds[] = {
	{ "sched", "sched_process_fork", "parent_pid child_pid", PP_LANE_TASKS, AT, PP_PINS_NONE, false },
	{ "sched", "sched_process_exec", "old_pid pid", PP_LANE_TASKS, AT, PP_PINS_NONE, false },
	{ "task", "task_rename", "pid", PP_LANE_TASKS, AT, PP_PINS_NONE, false },

	{ "filemap", "mm_filemap_add_to_page_cache", "s_dev:x i_ino index", PP_LANE_CACHE, AT, PP_PINS_NONE, false },
	{ "filemap", "mm_filemap_delete_from_page_cache", "s_dev:x i_ino index", PP_LANE_CACHE, AT, PP_PINS_NONE, false },
	{ "filemap", "filemap_set_wb_err", "s_dev:x i_ino errseq:x", PP_LANE_CACHE, AT, PP_PINS_NONE, false },
	{ "writeback", "writeback_dirty_folio", "ino index", PP_LANE_CACHE, AT, PP_PINS_NONE, OTHERS },
	{ "writeback", "writeback_dirty_page", "ino index", PP_LANE_CACHE, AT, PP_PINS_NONE, OTHERS },

	{ "writeback", "sb_mark_inode_writeback", "dev:x ino", PP_LANE_WRITEBACK, AT, PP_PINS_NONE, false },
	{ "writeback", "sb_clear_inode_writeback", "dev:x ino", PP_LANE_WRITEBACK, AT, PP_PINS_NONE, false },
	{ "writeback", "folio_wait_writeback", "ino index", PP_LANE_WRITEBACK, AT, PP_PINS_NONE, OTHERS },
	{ "writeback", "wait_on_page_writeback", "ino index", PP_LANE_WRITEBACK, AT, PP_PINS_NONE, OTHERS },
	{ "writeback", "writeback_single_inode_start", "ino nr_to_write:d", PP_LANE_WRITEBACK, BEGIN, PP_PINS_NONE, false },
	{ "writeback", "writeback_single_inode", "ino wrote", PP_LANE_WRITEBACK, END, PP_PINS_NONE, false },

	{ "enter", "vfs_fsync_range", "from=$arg2:s64 to=$arg3:s64 datasync=$arg4:s32", PP_LANE_SYNC, BEGIN, PP_PINS_NONE, false },
	{ "return", "vfs_fsync_range", "result=$retval:s32", PP_LANE_SYNC, END, PP_PINS_NONE, false },
	{ "ext4", "ext4_sync_file_enter", "dev:x ino datasync", PP_LANE_SYNC, AT, PP_PINS_NONE, false },
	{ "ext4", "ext4_sync_file_exit", "dev:x ino ret:d", PP_LANE_SYNC, AT, PP_PINS_NONE, false },
	{ "ext4", "ext4_writepages", "dev:x ino range_start:d nr_to_write:d", PP_LANE_SYNC, BEGIN, PP_PINS_NONE, false },
	{ "ext4", "ext4_writepages_result", "dev:x ino pages_skipped:d ret:d", PP_LANE_SYNC, END, PP_PINS_NONE, false },
	{ "xfs", "xfs_file_fsync", "dev:x ino", PP_LANE_SYNC, AT, PP_PINS_NONE, false },
	{ "btrfs", "btrfs_sync_file", "ino datasync:d", PP_LANE_SYNC, AT, PP_PINS_NONE, false },

	{ "enter", "do_truncate", "length=$arg3:s64", PP_LANE_TRUNCATE, BEGIN, PP_PINS_NONE, false },
	{ "return", "do_truncate", "result=$retval:s32", PP_LANE_TRUNCATE, END, PP_PINS_NONE, false },
	{ "enter", "vfs_fallocate", "mode=$arg2:x32 offset=$arg3:s64 length=$arg4:s64", PP_LANE_TRUNCATE, BEGIN, PP_PINS_NONE, false },
	{ "return", "vfs_fallocate", "result=$retval:s32", PP_LANE_TRUNCATE, END, PP_PINS_NONE, false },
	{ "ext4", "ext4_truncate_enter", "dev:x ino blocks", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "ext4", "ext4_truncate_exit", "dev:x ino blocks", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "ext4", "ext4_punch_hole", "dev:x ino offset:d len:d", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "ext4", "ext4_zero_range", "dev:x ino offset:d len:d", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "ext4", "ext4_collapse_range", "dev:x ino offset:d len:d", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "ext4", "ext4_insert_range", "dev:x ino offset:d len:d", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "xfs", "xfs_setattr", "dev:x ino", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "xfs", "xfs_free_file_space", "dev:x ino", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "xfs", "xfs_zero_file_space", "dev:x ino", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "xfs", "xfs_collapse_file_space", "dev:x ino", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "xfs", "xfs_insert_file_space", "dev:x ino", PP_LANE_TRUNCATE, AT, PP_PINS_NONE, false },
	{ "xfs", "xfs_itruncate_extents_start", "dev:x ino size:d new_size:d", PP_LANE_TRUNCATE, BEGIN, PP_PINS_NONE, false },
	{ "xfs", "xfs_itruncate_extents_end", "dev:x ino size:d new_size:d", PP_LANE_TRUNCATE, END, PP_PINS_NONE, false },

	{ "fs_dax", "dax_pte_fault_done", "ino pgoff address:x result:x", PP_LANE_DAX, AT, PP_PINS_NONE, false },
	{ "fs_dax", "dax_pmd_fault_done", "ino pgoff address:x result:x", PP_LANE_DAX, AT, PP_PINS_NONE, false },
	{ "fs_dax", "dax_writeback_range", "ino start_index end_index", PP_LANE_DAX, BEGIN, PP_PINS_NONE, false },
	{ "fs_dax", "dax_writeback_range_done", "ino start_index end_index", PP_LANE_DAX, END, PP_PINS_NONE, false },
	{ "fs_dax", "dax_writeback_one", "ino pgoff pglen", PP_LANE_DAX, AT, PP_PINS_NONE, false },
	{ "enter", "dax_layout_busy_page_range", "from=$arg2:s64 to=$arg3:s64", PP_LANE_DAX, BEGIN, PP_PINS_NONE, false },
	{ "return", "dax_layout_busy_page_range", "page=$retval:x64", PP_LANE_DAX, END, PP_PINS_NONE, false },
	{ "enter", "ext4_break_layouts", "inode=$arg1:x64", PP_LANE_DAX, BEGIN, PP_PINS_NONE, false },
	{ "return", "ext4_break_layouts", "result=$retval:s32", PP_LANE_DAX, END, PP_PINS_NONE, false },
	{ "enter", "xfs_break_layouts", "inode=$arg1:x64 lock=$arg2:x64 reason=$arg3:s32", PP_LANE_DAX, BEGIN, PP_PINS_NONE, false },
	{ "return", "xfs_break_layouts", "result=$retval:s32", PP_LANE_DAX, END, PP_PINS_NONE, false },

	{ "enter", "pin_user_pages_fast", "start=$arg1:x64 pages=$arg2:s32 flags=$arg3:x32", PP_LANE_PINS, BEGIN, PP_PINS_NONE, false },
	{ "return", "pin_user_pages_fast", "pinned=$retval:s32", PP_LANE_PINS, END, PP_PINS_TAKEN, false },
	{ "enter", "pin_user_pages", "start=$arg1:x64 pages=$arg2 flags=$arg3:x32", PP_LANE_PINS, BEGIN, PP_PINS_NONE, false },
	{ "return", "pin_user_pages", "pinned=$retval:s64", PP_LANE_PINS, END, PP_PINS_TAKEN, false },
	{ "enter", "pin_user_pages_remote", "start=$arg2:x64 pages=$arg3 flags=$arg4:x32", PP_LANE_PINS, BEGIN, PP_PINS_NONE, false },
	{ "return", "pin_user_pages_remote", "pinned=$retval:s64", PP_LANE_PINS, END, PP_PINS_TAKEN, false },
	{ "enter", "pin_user_pages_unlocked", "start=$arg1:x64 pages=$arg2 flags=$arg4:x32", PP_LANE_PINS, BEGIN, PP_PINS_NONE, false },
	{ "return", "pin_user_pages_unlocked", "pinned=$retval:s64", PP_LANE_PINS, END, PP_PINS_TAKEN, false },
	{ "enter", "get_user_pages_fast", "start=$arg1:x64 pages=$arg2:s32 flags=$arg3:x32", PP_LANE_PINS, AT, PP_PINS_NONE, false },
	{ "enter", "unpin_user_page", "page=$arg1:x64", PP_LANE_PINS, AT, PP_PINS_ONE_DROPPED, false },
	{ "enter", "unpin_user_pages", "pages=$arg2", PP_LANE_PINS, AT, PP_PINS_DROPPED, false },
	{ "enter", "unpin_user_pages_dirty_lock", "pages=$arg2 dirty=$arg3:u8", PP_LANE_PINS, AT, PP_PINS_DROPPED_DIRTY, false },
	{ "enter", "unpin_user_page_range_dirty_lock", "pages=$arg2 dirty=$arg3:u8 first=$arg1:x64", PP_LANE_PINS, AT, PP_PINS_DROPPED, false },
	{ "enter", "unpin_user_folio", "pages=$arg2 folio=$arg1:x64", PP_LANE_PINS, AT, PP_PINS_DROPPED, OTHERS },

	{ "enter", "rxe_mr_copy", "address=$arg2:x64 length=$arg4:s32 from_mr=$arg5:s32", PP_LANE_COPIES, AT, PP_PINS_NONE, false },

	{ "io_uring", "io_uring_register", "opcode nr_bufs ret:d", PP_LANE_RING, AT, PP_PINS_NONE, false },
	{ "io_uring", "io_uring_submit_req", "req:x user_data opcode", PP_LANE_RING, AT, PP_PINS_NONE, OTHERS },
	{ "io_uring", "io_uring_submit_sqe", "req:x user_data opcode", PP_LANE_RING, AT, PP_PINS_NONE, OTHERS },
	{ "io_uring", "io_uring_complete", "req:x user_data res:d", PP_LANE_RING, AT, PP_PINS_NONE, false },

	{ "block", "block_rq_issue", "dev:x sector nr_sector rwbs:s", PP_LANE_DISK, AT, PP_PINS_NONE, false },
	{ "block", "block_rq_complete", "dev:x sector nr_sector rwbs:s", PP_LANE_DISK, AT, PP_PINS_NONE, false },
};
/* clang-format on */
const size_t pp_n_trace_kinds = PP_ARRAY_LEN(pp_trace_kinds);
