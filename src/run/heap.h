/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A heap that leaves the mappings of the process alone. */
#ifndef PP_RUN_HEAP_H
#define PP_RUN_HEAP_H

/**
 * pp_heap_calm - malloc() and free() of the process neither map nor unmap from now on, but to get
 * 16 MiB at once where what they have is used up
 *
 * A page fault that waits for a frozen filesystem may hold the lock of the mappings, by a device
 * that pins pages. If another thread wants to map or unmap meanwhile, all faults queue behind that,
 * and with them who has to thaw (before 6.4, which has locks for each mapping). To be called before
 * there are threads. Source: mallopt(3).
 */
void pp_heap_calm(void);

#endif
