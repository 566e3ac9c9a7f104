/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to link.c: the netlink requests that make and remove a soft-RoCE device. */
#ifndef PP_SYS_LINK_NETLINK_H
#define PP_SYS_LINK_NETLINK_H

#include <netinet/in.h>
#include <stdint.h>

/* All return 0 or exactly the -errno of socket(2) or of the kernel's answer; -ETIMEDOUT without an
 * answer. */

/** pp_nl_dummy_add - RTM_NEWLINK: a netdev of kind dummy, up, exclusive (-EEXIST). */
int pp_nl_dummy_add(const char *name, unsigned mtu_bytes);
/** pp_nl_address_add - RTM_NEWADDR: @address/32 on @name. */
int pp_nl_address_add(const char *name, struct in_addr address);
int pp_nl_netdev_del(const char *name); /* -ENODEV if there is none */

/** pp_nl_rdma_present - can NETLINK_RDMA be spoken at all? -EPROTONOSUPPORT without ib_core. */
int pp_nl_rdma_present(void);
int pp_nl_rxe_add(const char *ibdev, const char *netdev);
/** pp_nl_rdma_index - the kernel's index of RDMA device @name; -ENODEV if there is none. */
int pp_nl_rdma_index(const char *name, uint32_t *index);
/** pp_nl_rdma_del - RDMA_NLDEV_CMD_DELLINK; sleeps uninterruptibly while anyone has the device
 * open. */
int pp_nl_rdma_del(uint32_t index);

/**
 * pp_nl_rdma_users - how many times verbs device @index is open
 * @count: 0 also if the kernel cannot tell (before 5.14)
 * @pid: one of those who opened it; 0 if that process is dead and another inherited the file
 */
int pp_nl_rdma_users(uint32_t index, unsigned *count, uint32_t *pid);

#endif
