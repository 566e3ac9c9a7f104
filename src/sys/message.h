/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between processes of ours that may carry a file descriptor. */
#ifndef PP_SYS_MESSAGE_H
#define PP_SYS_MESSAGE_H

#include <stddef.h>

/**
 * pp_message_send - @size bytes over a SOCK_SEQPACKET socket, with descriptor @fd if it is >= 0
 *
 * The descriptor stays the caller's. 0 or -errno of sendmsg(2). Source: unix(7), SCM_RIGHTS.
 */
int pp_message_send(int socket, const void *message, size_t size, int fd);

/**
 * pp_message_receive - the next message, which has to be @size bytes long
 * @fd: the descriptor that came with it, close-on-exec and now the caller's; -1 if none did
 *
 * 0; -EPIPE: the other end is closed, or said something else; -errno of recvmsg(2). Signals do not
 * interrupt it.
 */
int pp_message_receive(int socket, void *message, size_t size, int *fd);

#endif
