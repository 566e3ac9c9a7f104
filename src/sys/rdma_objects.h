/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many objects an RDMA device has, by RDMA netlink: a request that is repeated at each quiet
 * point, so it is one message out and one back, by a socket that stays open.
 */
#ifndef PP_SYS_RDMA_OBJECTS_H
#define PP_SYS_RDMA_OBJECTS_H

#include <stdint.h>

/**
 * pp_rdma_objects - how many objects of each kind the device with the kernel's number @index has
 * @kept: the socket of the request before, which is used again; -1 in it: one is made and left
 *	there for the caller to close. None is left (-1) after a failure.
 * @each: called with the kernel's name of the kind ("mr", "qp", ...) and the count, kernel's own
 *	included
 *
 * Returns 0, or exactly the -errno of a system call or of the kernel's answer; -ETIMEDOUT without
 * an answer, -EPROTO for one that makes no sense. One thread at a time for each @kept. Source:
 * drivers/infiniband/core/nldev.c, nldev_res_get_doit(), fill_res_info().
 */
int pp_rdma_objects(int *kept, uint32_t index,
		    void (*each)(const char *name, uint64_t count, void *arg), void *arg);

#endif
