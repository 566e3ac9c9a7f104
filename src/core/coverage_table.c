/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the kernel that coverage asks for, by source file; made by
 * scripts/coverage-functions, which says from what. */
#include "core/coverage.h"

#include "core/words.h"

/* clang-format off */
const struct pp_coverage_file pp_coverage_files[] = {
	{ "mm/gup.c",
	  "__get_user_pages __get_user_pages_locked __get_user_pages_remote __gup_device_huge "
	  "__gup_device_huge_pmd __gup_device_huge_pud __gup_longterm_locked "
	  "__gup_longterm_unlocked __mm_populate can_follow_write_pmd can_follow_write_pte "
	  "check_and_migrate_movable_folios check_and_migrate_movable_pages "
	  "check_and_migrate_movable_pages_or_folios check_vma_flags "
	  "collect_longterm_unpinnable_folios collect_longterm_unpinnable_pages "
	  "fault_in_readable fault_in_safe_writeable fault_in_subpage_writeable "
	  "fault_in_writeable faultin_page faultin_page_range faultin_vma_page_range "
	  "fixup_user_fault folio_add_pin follow_huge_pmd follow_huge_pud follow_p4d_mask "
	  "follow_page follow_page_mask follow_page_pte follow_pfn_pte follow_pmd_mask "
	  "follow_pud_mask get_dump_page get_gate_page get_user_pages get_user_pages_fast "
	  "get_user_pages_fast_only get_user_pages_remote get_user_pages_unlocked gup_fast "
	  "gup_fast_devmap_leaf gup_fast_devmap_pmd_leaf gup_fast_devmap_pud_leaf "
	  "gup_fast_fallback gup_fast_folio_allowed gup_fast_p4d_range gup_fast_permitted "
	  "gup_fast_pgd_leaf gup_fast_pgd_range gup_fast_pmd_leaf gup_fast_pmd_range "
	  "gup_fast_pte_range gup_fast_pud_leaf gup_fast_pud_range gup_fast_undo_dev_pagemap "
	  "gup_fast_unpin_user_pages gup_folio_next gup_folio_range_next gup_huge_pd "
	  "gup_huge_pgd gup_huge_pmd gup_huge_pud gup_hugepte gup_p4d_range gup_pgd_range "
	  "gup_pmd_range gup_pte_range gup_pud_range gup_put_folio gup_signal_pending "
	  "gup_vma_lookup hugepte_addr_end internal_get_user_pages_fast is_valid_gup_args "
	  "is_valid_gup_flags lockless_pages_from_mm memfd_pin_folios "
	  "migrate_longterm_unpinnable_folios migrate_longterm_unpinnable_pages "
	  "mm_set_has_pinned_flag no_page_table pin_user_pages pin_user_pages_fast "
	  "pin_user_pages_fast_only pin_user_pages_remote pin_user_pages_unlocked "
	  "pofs_clear_entry pofs_get_folio pofs_next_folio pofs_unpin populate_vma_page_range "
	  "record_subpages sanity_check_pinned_pages try_get_folio try_grab_folio "
	  "try_grab_folio_fast try_grab_page undo_dev_pagemap unpin_folio unpin_folios "
	  "unpin_user_folio unpin_user_page unpin_user_page_range_dirty_lock unpin_user_pages "
	  "unpin_user_pages_dirty_lock unpin_user_pages_lockless vma_permits_fault "
	  "writable_file_mapping_allowed"
	},
	{ "mm/truncate.c",
	  "__clear_shadow_entry clear_shadow_entries clear_shadow_entry folio_invalidate "
	  "folio_launder generic_error_remove_folio generic_error_remove_page "
	  "invalidate_complete_folio2 invalidate_exceptional_entry "
	  "invalidate_exceptional_entry2 invalidate_inode_page invalidate_inode_pages2 "
	  "invalidate_inode_pages2_range invalidate_mapping_pages invalidate_mapping_pagevec "
	  "mapping_evict_folio mapping_try_invalidate pagecache_isize_extended "
	  "truncate_cleanup_folio truncate_folio_batch_exceptionals truncate_inode_folio "
	  "truncate_inode_pages truncate_inode_pages_final truncate_inode_pages_range "
	  "truncate_inode_partial_folio truncate_pagecache truncate_pagecache_range "
	  "truncate_setsize try_folio_split_or_unmap"
	},
	{ "mm/page-writeback.c",
	  "__folio_cancel_dirty __folio_end_writeback __folio_mark_dirty "
	  "__folio_start_writeback balance_dirty_pages balance_dirty_pages_ratelimited "
	  "balance_dirty_pages_ratelimited_flags do_writepages filemap_dirty_folio "
	  "folio_account_cleaned folio_account_dirtied folio_account_redirty "
	  "folio_clear_dirty_for_io folio_mark_dirty folio_prepare_writeback "
	  "folio_redirty_for_writepage folio_wait_stable folio_wait_writeback "
	  "folio_wait_writeback_killable folio_write_one generic_writepages noop_dirty_folio "
	  "write_cache_pages writeback_get_folio"
	},
	{ "fs/fs-writeback.c",
	  "__inode_attach_wb __inode_wait_for_writeback __mark_inode_dirty "
	  "__wakeup_flusher_threads_bdi __writeback_inodes_sb_nr __writeback_inodes_wb "
	  "__writeback_single_inode bdi_down_write_wb_switch_rwsem bdi_split_work_to_wbs "
	  "bdi_up_write_wb_switch_rwsem cgroup_writeback_by_id cgroup_writeback_init "
	  "cgroup_writeback_umount cleanup_offline_cgwb dirtytime_interval_handler "
	  "finish_writeback_work get_next_work_item get_nr_dirty_pages "
	  "inode_cgwb_move_to_attached inode_dirtied_after inode_do_switch_wbs "
	  "inode_io_list_del inode_io_list_move_locked inode_prepare_wbs_switch "
	  "inode_sleep_on_writeback inode_switch_wbs inode_switch_wbs_work_fn "
	  "inode_sync_complete inode_to_wb_and_lock_list inode_wait_for_writeback "
	  "isw_prepare_wbs_switch locked_inode_to_wb_and_lock_list move_expired_inodes "
	  "process_inode_switch_wbs queue_io redirty_tail redirty_tail_locked requeue_inode "
	  "requeue_io sb_clear_inode_writeback sb_mark_inode_writeback "
	  "start_dirtytime_writeback sync_inode_metadata sync_inodes_sb "
	  "try_to_writeback_inodes_sb wait_sb_inodes wakeup_dirtytime_writeback "
	  "wakeup_flusher_threads wakeup_flusher_threads_bdi wb_check_background_flush "
	  "wb_check_old_data_flush wb_check_start_all wb_do_writeback wb_inode "
	  "wb_io_lists_depopulated wb_io_lists_populated wb_queue_isw wb_queue_work "
	  "wb_split_bdi_pages wb_start_background_writeback wb_start_writeback "
	  "wb_wait_for_completion wb_wakeup wb_wakeup_delayed wb_workfn wb_writeback "
	  "wbc_account_cgroup_owner wbc_attach_and_unlock_inode wbc_detach_inode write_inode "
	  "write_inode_now writeback_chunk_size writeback_inodes_sb writeback_inodes_sb_nr "
	  "writeback_inodes_wb writeback_sb_inodes writeback_single_inode"
	},
	{ "fs/sync.c",
	  "do_fsync do_sync_work emergency_sync ksys_sync ksys_sync_file_range sync_file_range "
	  "sync_filesystem sync_fs_one_sb sync_inodes_one_sb vfs_fsync vfs_fsync_range"
	},
	{ "fs/dax.c",
	  "__dax_clear_dirty_range __dax_invalidate_entry copy_cow_page_dax "
	  "dax_associate_entry dax_busy_page dax_dedupe_file_range_compare "
	  "dax_delete_mapping_entry dax_disassociate_entry dax_end_pfn dax_entry_order "
	  "dax_entry_size dax_entry_waitqueue dax_fault_check_fallback dax_fault_cow_page "
	  "dax_fault_is_cow dax_fault_is_synchronous dax_fault_iter dax_fault_return "
	  "dax_fault_synchronous_pfnp dax_file_unshare dax_finish_sync_fault dax_insert_entry "
	  "dax_insert_pfn_mkwrite dax_invalidate_mapping_entry_sync dax_iomap_copy_around "
	  "dax_iomap_cow_copy dax_iomap_direct_access dax_iomap_fault dax_iomap_iter "
	  "dax_iomap_pgoff dax_iomap_pmd_fault dax_iomap_pte_fault dax_iomap_rw "
	  "dax_is_conflict dax_is_empty_entry dax_is_locked dax_is_pmd_entry dax_is_pte_entry "
	  "dax_is_zero_entry dax_layout_busy_page dax_layout_busy_page_range dax_load_hole "
	  "dax_lock_entry dax_lock_folio dax_lock_mapping_entry dax_lock_page dax_make_entry "
	  "dax_mapping_is_cow dax_mapping_set_cow dax_memzero dax_page_is_shared "
	  "dax_page_share_get dax_page_share_put dax_pmd_load_hole dax_range_compare_iter "
	  "dax_remap_file_range_prep dax_to_pfn dax_truncate_page dax_unlock_entry "
	  "dax_unlock_folio dax_unlock_mapping_entry dax_unlock_page dax_unshare_iter "
	  "dax_wake_entry dax_writeback_mapping_range dax_writeback_one dax_zero_iter "
	  "dax_zero_range get_unlocked_entry grab_mapping_entry init_dax_wait_table pe_order "
	  "put_unlocked_entry wait_entry_unlocked wake_exceptional_entry_func"
	},
	{ "drivers/infiniband/core/umem.c",
	  "__ib_umem_release ib_umem_check_rereg ib_umem_copy_from ib_umem_find_best_pgsz "
	  "ib_umem_get ib_umem_release"
	},
	{ "drivers/infiniband/core/umem_odp.c",
	  "ib_init_umem_odp ib_umem_odp_alloc_child ib_umem_odp_alloc_implicit ib_umem_odp_get "
	  "ib_umem_odp_map_dma_and_lock ib_umem_odp_map_dma_single_page ib_umem_odp_release "
	  "ib_umem_odp_unmap_dma_pages"
	},
	{ "drivers/infiniband/sw/rxe/rxe_mr.c",
	  "__alloc_mr_page_info advance_dma_data alloc_mr_page_info copy_data "
	  "free_mr_page_info iova_to_vaddr is_pmem_page lookup_iova lookup_mr mr_check_range "
	  "rxe_dereg_mr rxe_flush_pmem_iova rxe_get_next_key rxe_invalidate_mr rxe_map_mr_sg "
	  "rxe_mr_alloc rxe_mr_cleanup rxe_mr_copy rxe_mr_copy_dma rxe_mr_copy_xarray "
	  "rxe_mr_do_atomic_op rxe_mr_do_atomic_write rxe_mr_fill_pages_from_sgt rxe_mr_init "
	  "rxe_mr_init_dma rxe_mr_init_fast rxe_mr_init_user rxe_mr_iova_to_index "
	  "rxe_mr_iova_to_page_offset rxe_reg_fast_mr rxe_set_page"
	},
	{ "drivers/infiniband/sw/rxe/rxe_mw.c",
	  "rxe_alloc_mw rxe_bind_mw rxe_check_bind_mw rxe_check_invalidate_mw rxe_dealloc_mw "
	  "rxe_do_bind_mw rxe_do_invalidate_mw rxe_invalidate_mw rxe_lookup_mw rxe_mw_cleanup"
	},
	{ "drivers/infiniband/sw/rxe/rxe_verbs.c",
	  "rxe_alloc_mr rxe_alloc_pd rxe_dealloc_pd rxe_get_dma_mr rxe_reg_user_mr "
	  "rxe_rereg_user_mr"
	},
	{ "fs/ext4/inode.c",
	  "__ext4_journalled_invalidate_folio ext4_begin_ordered_truncate "
	  "ext4_block_truncate_page ext4_break_layouts ext4_can_truncate "
	  "ext4_da_writepages_trans_blocks ext4_dax_writepages ext4_dirty_folio "
	  "ext4_do_writepages ext4_invalidate_folio ext4_journalled_dirty_folio "
	  "ext4_journalled_invalidate_folio ext4_page_mkwrite ext4_punch_hole "
	  "ext4_release_folio ext4_setattr ext4_truncate ext4_truncate_folio "
	  "ext4_truncate_page_cache_block_range ext4_update_disksize_before_punch "
	  "ext4_writepages"
	},
	{ "fs/ext4/extents.c",
	  "ext4_collapse_range ext4_do_fallocate ext4_fallocate ext4_insert_range "
	  "ext4_zero_range"
	},
	{ "fs/ext4/fsync.c",
	  "ext4_fsync_journal ext4_fsync_nojournal ext4_sync_file ext4_sync_parent"
	},
	{ "fs/ext4/file.c",
	  "ext4_dax_fault ext4_dax_huge_fault ext4_dax_read_iter ext4_dax_write_iter "
	  "ext4_dio_read_iter ext4_dio_write_checks ext4_dio_write_end_io ext4_dio_write_iter "
	  "ext4_should_use_dio"
	},
	{ "fs/xfs/xfs_file.c",
	  "__xfs_filemap_fault xfs_break_dax_layouts xfs_break_layouts xfs_dax_fault "
	  "xfs_dax_fault_locked xfs_dax_read_fault xfs_dio_write_end_io xfs_dir_fsync "
	  "xfs_file_dax_read xfs_file_dax_write xfs_file_dio_read xfs_file_dio_write "
	  "xfs_file_dio_write_aligned xfs_file_dio_write_unaligned xfs_file_fallocate "
	  "xfs_file_fsync xfs_file_remap_range xfs_filemap_fault xfs_filemap_huge_fault "
	  "xfs_fsync_flush_log xfs_fsync_seq xfs_ilock_for_write_fault xfs_is_write_fault "
	  "xfs_wait_dax_page xfs_write_fault"
	},
	{ "fs/xfs/xfs_bmap_util.c",
	  "xfs_alloc_file_space xfs_bmap_punch_delalloc_range xfs_collapse_file_space "
	  "xfs_free_file_space xfs_insert_file_space xfs_prepare_shift xfs_unmap_extent"
	},
	{ "fs/xfs/xfs_iops.c",
	  "xfs_setattr_nonsize xfs_setattr_size xfs_vn_setattr xfs_vn_setattr_size"
	},
	{ "fs/xfs/xfs_aops.c",
	  "xfs_dax_writepages xfs_discard_folio xfs_end_bio xfs_end_io xfs_end_ioend "
	  "xfs_imap_valid xfs_ioend_is_append xfs_iomap_swapfile_activate xfs_map_blocks "
	  "xfs_prepare_ioend xfs_setfilesize xfs_vm_bmap xfs_vm_read_folio xfs_vm_readahead "
	  "xfs_vm_swap_activate xfs_vm_writepages"
	},
	{ "fs/xfs/xfs_reflink.c",
	  "xfs_bmap_trim_cow xfs_find_trim_cow_extent xfs_reflink_ag_has_free_space "
	  "xfs_reflink_allocate_cow xfs_reflink_cancel_cow_blocks xfs_reflink_cancel_cow_range "
	  "xfs_reflink_clear_inode_flag xfs_reflink_convert_cow xfs_reflink_convert_cow_locked "
	  "xfs_reflink_convert_unwritten xfs_reflink_end_cow xfs_reflink_end_cow_extent "
	  "xfs_reflink_fill_cow_hole xfs_reflink_fill_delalloc xfs_reflink_find_shared "
	  "xfs_reflink_inode_has_shared_extents xfs_reflink_recover_cow "
	  "xfs_reflink_remap_blocks xfs_reflink_remap_extent xfs_reflink_remap_prep "
	  "xfs_reflink_set_inode_flag xfs_reflink_trim_around_shared "
	  "xfs_reflink_try_clear_inode_flag xfs_reflink_unshare xfs_reflink_update_dest "
	  "xfs_reflink_zero_posteof"
	},
	{ "fs/btrfs/file.c",
	  "btrfs_fallocate btrfs_fallocate_update_isize btrfs_page_mkwrite btrfs_punch_hole "
	  "btrfs_punch_hole_lock_range btrfs_sync_file btrfs_zero_range "
	  "btrfs_zero_range_check_range_boundary"
	},
	{ "fs/btrfs/inode.c",
	  "__btrfs_del_delalloc_inode __btrfs_release_folio btrfs_add_delalloc_inode "
	  "btrfs_add_delalloc_inodes btrfs_alloc_delalloc_work btrfs_clear_delalloc_extent "
	  "btrfs_del_delalloc_inode btrfs_find_new_delalloc_bytes btrfs_invalidate_folio "
	  "btrfs_merge_delalloc_extent btrfs_release_delalloc_bytes btrfs_release_folio "
	  "btrfs_reset_extent_delalloc btrfs_run_delalloc_range btrfs_run_delalloc_work "
	  "btrfs_set_delalloc_extent btrfs_set_extent_delalloc btrfs_setattr btrfs_setsize "
	  "btrfs_split_delalloc_extent btrfs_start_delalloc_roots "
	  "btrfs_start_delalloc_snapshot btrfs_truncate btrfs_truncate_block "
	  "btrfs_writepage_cow_fixup btrfs_writepage_endio_finish_ordered "
	  "btrfs_writepage_fixup_worker btrfs_writepages evict_inode_truncate_pages "
	  "run_delalloc_compressed run_delalloc_cow run_delalloc_nocow run_delalloc_zoned "
	  "start_delalloc_inodes"
	},
};
/* clang-format on */
const size_t pp_n_coverage_files = PP_ARRAY_LEN(pp_coverage_files);
