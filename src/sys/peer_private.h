/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to peer.c and peer_link.c: what runs inside the second process. */
#ifndef PP_SYS_PEER_PRIVATE_H
#define PP_SYS_PEER_PRIVATE_H

#include "sys/peer.h"

/** pp_peer_link_run - pp_peer_link_delete() itself; @mem is the mapped range. */
int pp_peer_link_run(void *mem, size_t length_bytes, uint32_t bound_ms, struct pp_err *err);

#endif
