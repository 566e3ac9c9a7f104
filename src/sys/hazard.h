/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hazards: what a filesystem or the memory management does to pages while a
 * device holds them. Thin: each is one call or one write to a control file, with
 * all error conventions turned into one. Nothing is judged here.
 *
 * All return 0 or -errno with a sentence in @err, and are thread-safe. A call
 * that a signal interrupts gives -EINTR.
 */
#ifndef PP_SYS_HAZARD_H
#define PP_SYS_HAZARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Of files: hazard.c. Ranges are in bytes of the file. */

/** pp_hazard_truncate - ftruncate(2): sets the file's end, either way. */
int pp_hazard_truncate(int fd, uint64_t size_bytes, struct pp_err *err);

enum pp_falloc { PP_FALLOC_PUNCH, PP_FALLOC_ZERO, PP_FALLOC_COLLAPSE, PP_FALLOC_INSERT };
/** pp_hazard_fallocate - fallocate(2) in one of its modes; punch and zero keep the file's end.
 *  -EOPNOTSUPP where the filesystem cannot, -EINVAL where collapse and insert want whole blocks. */
int pp_hazard_fallocate(int fd, enum pp_falloc how, uint64_t offset_bytes, uint64_t length_bytes,
			struct pp_err *err);

/** pp_hazard_reflink - FICLONE (ioctl_ficlone(2)) of all of @from into @to. */
int pp_hazard_reflink(int from, int to, struct pp_err *err);
/** pp_hazard_seal - F_ADD_SEALS (fcntl(2)) of a memfd. F_SEAL_WRITE gives -EBUSY while it is mapped
 *  writable, or while a page of it has references that nothing accounts for: mm/memfd.c,
 *  memfd_wait_for_pins(), which waits for them a fraction of a second. */
int pp_hazard_seal(int fd, int seals, struct pp_err *err);
/** pp_hazard_fadvise - posix_fadvise(POSIX_FADV_DONTNEED): drops clean, unused page cache. */
int pp_hazard_fadvise(int fd, uint64_t offset_bytes, uint64_t length_bytes, struct pp_err *err);
/** pp_hazard_sync_range - sync_file_range(2) with WAIT_BEFORE, WRITE and WAIT_AFTER. */
int pp_hazard_sync_range(int fd, uint64_t offset_bytes, uint64_t length_bytes, struct pp_err *err);
/** pp_hazard_syncfs - syncfs(2) of the filesystem mounted on @dir. */
int pp_hazard_syncfs(const char *dir, struct pp_err *err);
/**
 * pp_hazard_freeze - FIFREEZE of the filesystem mounted on @dir: it sleeps until the filesystem is
 * clean, and everything that would change it sleeps until pp_hazard_thaw()
 *
 * A frozen filesystem outlives the process that froze it: keep a debt with a keeper
 * (sys/keeper.h) before the call. Source: fs/ioctl.c, ioctl_fsfreeze().
 */
int pp_hazard_freeze(const char *dir, struct pp_err *err);
int pp_hazard_thaw(const char *dir, struct pp_err *err); /* -EINVAL if it is not frozen */

/* Of memory: hazard_mm.c. Ranges are addresses. */

/** pp_hazard_advise - madvise(2) with any advice; the kernel wants @addr page aligned. */
int pp_hazard_advise(void *addr, size_t length_bytes, int advice, struct pp_err *err);

/** pp_hazard_compact - compact all zones (/proc/sys/vm/compact_memory). */
int pp_hazard_compact(struct pp_err *err);
/** pp_hazard_drop_caches - drop clean page cache, dentries and inodes (/proc/sys/vm/drop_caches).
 */
int pp_hazard_drop_caches(struct pp_err *err);
/** pp_hazard_thp_split - ask for a split of all huge pages of the range (debugfs
 * split_huge_pages); those that are pinned stay whole, which is no error. */
int pp_hazard_thp_split(void *addr, size_t length_bytes, struct pp_err *err);

#define PP_POOL_SIZE "/proc/sys/vm/nr_hugepages"
/**
 * pp_hazard_pool_drain - shrink the pool of huge pages of the default size by all pages that are
 * neither in use nor reserved
 *
 * The pool stays so: keep a debt with a keeper to write the size of before to PP_POOL_SIZE. -EBUSY
 * if spare pages are left. Source: mm/hugetlb.c, set_max_huge_pages().
 */
int pp_hazard_pool_drain(struct pp_err *err);
/** pp_hazard_pool_refill - make it @size pages (a number as text); -ENOMEM if there are not that
 *  many to be had. */
int pp_hazard_pool_refill(const char *size, struct pp_err *err);
/** pp_hazard_protect - mprotect(2) with any protection; the kernel wants @addr page aligned. */
int pp_hazard_protect(void *addr, size_t length_bytes, int prot, struct pp_err *err);
/** pp_hazard_soft_clean - clear the soft-dirty bits of this whole process and write-protect its
 *  pages (/proc/self/clear_refs). Source: fs/proc/task_mmu.c, clear_refs_write(). */
int pp_hazard_soft_clean(struct pp_err *err);
/**
 * pp_hazard_collapse - MADV_COLLAPSE (6.1): make huge pages of the range now
 *
 * -EAGAIN where a page has references that nothing accounts for, a pin for one; -EINVAL if the
 * range holds no whole huge page. Source: mm/khugepaged.c, madvise_collapse().
 */
int pp_hazard_collapse(void *addr, size_t length_bytes, struct pp_err *err);

/**
 * pp_hazard_soft_offline - MADV_SOFT_OFFLINE of each page: its content moves to another frame, and
 * the one that it had is never used again until the next boot
 *
 * The first page that does not go decides: -EBUSY where somebody holds a reference. The others are
 * moved nevertheless. -EPERM without CAP_SYS_ADMIN. Source: mm/memory-failure.c,
 * soft_offline_page().
 */
int pp_hazard_soft_offline(void *addr, size_t length_bytes, struct pp_err *err);

/**
 * pp_hazard_poison - MADV_HWPOISON of each page: as if its memory had failed. No page table has it
 * afterwards, who touches it gets SIGBUS, and its frame is never used again until the next boot
 *
 * The first page that the kernel could not deal with decides: -EBUSY where somebody holds a
 * reference to a page of a file or of shared memory. The others, and it, too, are bad nevertheless.
 * -EPERM without CAP_SYS_ADMIN. pp_guard_install() must have been called: newer kernels (6.12) tell
 * the calling thread by SIGBUS, which is caught. Source: mm/memory-failure.c,
 * memory_failure().
 */
int pp_hazard_poison(void *addr, size_t length_bytes, struct pp_err *err);

#define PP_KSM_RUN "/sys/kernel/mm/ksm/run"
/**
 * pp_hazard_ksm - declare the range mergeable and let ksmd pass over it, then give ksmd's switch
 * its old setting back
 *
 * -ETIMEDOUT if two whole passes took longer than @bound_ms. If the process dies meanwhile ksmd
 * goes on running: keep a debt with a keeper. Source: mm/ksm.c.
 */
int pp_hazard_ksm(void *addr, size_t length_bytes, uint32_t bound_ms, struct pp_err *err);

/** pp_control_read - first line of a control file into @out, without its newline. */
int pp_control_read(const char *path, char *out, size_t size, struct pp_err *err);
/** pp_control_write - write @text to a control file in one call. */
int pp_control_write(const char *path, const char *text, struct pp_err *err);

/* Between nodes of memory: hazard_numa.c. */

/**
 * pp_hazard_migrate - move_pages(2) of each page of the range to the next node that has memory
 *
 * Pages that do not move (pinned ones must not; where there is one node none needs to) are no
 * error. Source: mm/migrate.c, do_pages_move().
 */
int pp_hazard_migrate(void *addr, size_t length_bytes, struct pp_err *err);
/**
 * pp_hazard_numa_balance - read the range from a processor of another node than that of its first
 * page, until the kernel has brought all of it nearer
 *
 * -ETIMEDOUT if some page was where it had been after @bound_ms, as pinned ones must be; -ENODEV if
 * no processor is of another node. The thread may run where it could before. Of a range longer than
 * 2 MiB only so much is looked at. Source: kernel/sched/fair.c, task_numa_work(); mm/memory.c,
 * do_numa_page().
 */
int pp_hazard_numa_balance(void *addr, size_t length_bytes, uint32_t bound_ms, struct pp_err *err);
/** pp_numa_balancing - the kernel moves pages to the node that uses them: 0 or -errno and why. */
int pp_numa_balancing(struct pp_err *err);
/** pp_numa_nodes - the nodes that have memory, as the kernel lists them; 1 if they are several, 0
 *  if it is one, else -errno. */
int pp_numa_nodes(char *nodes, size_t size, struct pp_err *err);
/** pp_numa_node_after - of a list like "0-1,4" the node behind @node, or the first; -1 if it names
 *  none. Pure. */
int pp_numa_node_after(const char *nodes, int node);

/* By userfaultfd: hazard_uffd.c. */

/**
 * pp_hazard_uffd_protect - write-protect the range; who writes to it then gets SIGBUS
 * @fd: the userfaultfd, opened if it is negative, and kept by the caller
 *
 * Private anonymous memory since 5.7, shared since 5.19. Source: fs/userfaultfd.c,
 * userfaultfd_writeprotect().
 */
int pp_hazard_uffd_protect(int *fd, void *addr, size_t length_bytes, struct pp_err *err);
/** pp_hazard_uffd_unprotect - close it, which ends the protection; @fd becomes -1. -EINVAL if it
 *  is not open. */
int pp_hazard_uffd_unprotect(int *fd, struct pp_err *err);
/**
 * pp_hazard_uffd_move - UFFDIO_MOVE (6.8) of each page of private anonymous memory to another
 * place and back again
 *
 * The first page that does not go decides: -EBUSY where it is pinned or shared with a child. The
 * others are moved nevertheless. -EIO if one did not come back. Source: mm/userfaultfd.c,
 * move_present_pte().
 */
int pp_hazard_uffd_move(void *addr, size_t length_bytes, struct pp_err *err);
/** pp_hazard_uffd_possible - write protection, or moving, by userfaultfd: 0 or -errno and why. */
int pp_hazard_uffd_possible(bool moving, struct pp_err *why);

/* Parts of the machine: hazard_parts.c. */

/** pp_hazard_memory_block - path of the control file of the block of memory that a frame is in. */
int pp_hazard_memory_block(uint64_t frame, char *path, size_t size, struct pp_err *err);
/**
 * pp_hazard_offline - set the block of memory at @path offline, for which all pages in it have to
 * go, then online again as movable
 *
 * -EBUSY if the kernel says so, or if it was still trying after @bound_ms: then it was interrupted
 * (by SIGALRM to this thread). Source: mm/memory_hotplug.c, offline_pages().
 */
int pp_hazard_offline(const char *path, uint32_t bound_ms, struct pp_err *err);
/** pp_hazard_dax_unbind - take the driver from the device DAX @dev ("/dev/dax2.0"). Who holds pages
 *  of it holds nothing then: the next access through them, or their release, crashes the kernel. */
int pp_hazard_dax_unbind(const char *dev, struct pp_err *err);

/* Reclaim under a limit: hazard_memcg.c. */

struct pp_memcg {
	char mount[256]; /* private mount of the cgroup v2 hierarchy; "" while not entered */
	char home[256];  /* the cgroup this process came from, as a directory */
	char dir[300];   /* our own cgroup */
};

/**
 * pp_memcg_enter - mount the cgroup v2 hierarchy on a directory in @workdir, make a cgroup of our
 * own there and move this process into it
 *
 * Memory is charged where it was first touched, so enter before it is. -ENODEV with a sentence if
 * cgroup v2 has no memory controller or no memory.reclaim (before 5.19). Needs root and, so that
 * the mount is seen by nobody else, a private mount namespace.
 */
int pp_memcg_enter(struct pp_memcg *m, const char *workdir, struct pp_err *err);
/** pp_memcg_reclaim - ask the kernel to reclaim all that the cgroup is charged with; what it cannot
 *  (pinned, no swap) stays, which is no error. Source: mm/memcontrol.c, memory_reclaim(). */
int pp_memcg_reclaim(const struct pp_memcg *m, struct pp_err *err);
/** pp_memcg_leave - move back, remove the cgroup and the mount; safe when not entered. */
int pp_memcg_leave(struct pp_memcg *m, struct pp_err *err);

#endif
