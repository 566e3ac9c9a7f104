/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every function outside of pinproof that src/sys calls, once: how it fails, and with what. Tests
 * are linked with --wrap for each CALL, AFTER, RELEASE and HAND; tests/faults/run compares this
 * table with the undefined symbols of src/sys. Included several times, with other macros.
 *
 *   CALL     fails instead of being done          AFTER  is done, and then says that it failed
 *   RELEASE  returns nothing and cannot fail      HAND   as CALL; written out in hook_hand.c
 *   KEPT     cannot fail; written out in hook_hand.c, for its books
 *   FAKED    cannot fail, but needs no root or device here
 *   INLINE   not a symbol: the fake device calls the hook
 *   CANNOT_FAIL(reason, names...)
 *
 *   how:     says (by errno), code (by its result alone)
 *   fails:   its result then; failed is the errno
 *   to:      real: the library's own; fake: fake_NAME(), which needs no root and no device
 *   object:  what a success makes (+) or takes away (-); what is left over is a leak
 */

/* clang-format off */
#define P(...) (__VA_ARGS__) /* parameters and arguments, of which commas are part */

/*   how   type            name                  parameters and arguments                                   to    fails       with       object */
/* memory */
CALL(says, void *,         calloc,               P(size_t n, size_t s), P(n, s),                            real, NULL,       ENOMEM,    +MEMORY)
CALL(says, void *,         malloc,               P(size_t n), P(n),                                         real, NULL,       ENOMEM,    +MEMORY)
CALL(code, int,            posix_memalign,       P(void **p, size_t a, size_t n), P(p, a, n),               real, failed,     ENOMEM,    +MEMORY)
CALL(says, char *,         strdup,               P(const char *t), P(t),                                    real, NULL,       ENOMEM,    +MEMORY)
HAND(realloc)
KEPT(free)
HAND(mmap)
HAND(munmap)
HAND(mremap)
CALL(says, int,            mprotect,             P(void *a, size_t n, int p), P(a, n, p),                   real, -1,         ENOMEM,    0)
CALL(says, int,            madvise,              P(void *a, size_t n, int h), P(a, n, h),                   fake, -1,         ENOMEM,    0)
CALL(says, int,            memfd_create,         P(const char *n, unsigned f), P(n, f),                     fake, -1,         EMFILE,    0)
CALL(says, ssize_t,        process_vm_readv,     P(pid_t p, const struct iovec *l, unsigned long ln, const struct iovec *r, unsigned long rn, unsigned long f), P(p, l, ln, r, rn, f), fake, -1, EFAULT, 0)
CALL(says, ssize_t,        process_vm_writev,    P(pid_t p, const struct iovec *l, unsigned long ln, const struct iovec *r, unsigned long rn, unsigned long f), P(p, l, ln, r, rn, f), fake, -1, EFAULT, 0)
CALL(says, ssize_t,        vmsplice,             P(int fd, const struct iovec *v, size_t n, unsigned f), P(fd, v, n, f), real, -1, EFAULT, 0)

/* files */
HAND(open)
HAND(fcntl)
HAND(ioctl)
HAND(syscall)
HAND(fgets)
KEPT(ferror)
HAND(__isoc99_fscanf)
AFTER(says, int,           close,                P(int fd), P(fd),                                          real, -1,         EIO,       0)
CALL(says, int,            close_range,          P(unsigned a, unsigned b, int f), P(a, b, f),              real, -1,         ENOSYS,    0)
CALL(says, FILE *,         fopen,                P(const char *p, const char *m), P(p, m),                  fake, NULL,       EMFILE,    +FILES)
AFTER(says, int,           fclose,               P(FILE *f), P(f),                                          real, EOF,        EIO,       -FILES)
CALL(says, FILE *,         open_memstream,       P(char **t, size_t *n), P(t, n),                           fake, NULL,       ENOMEM,    +FILES)
CALL(says, DIR *,          opendir,              P(const char *p), P(p),                                    fake, NULL,       EMFILE,    +DIRS)
CALL(says, struct dirent *, readdir,             P(DIR *d), P(d),                                           real, NULL,       EIO,       0)
AFTER(says, int,           closedir,             P(DIR *d), P(d),                                           real, -1,         EIO,       -DIRS)
CALL(says, ssize_t,        read,                 P(int fd, void *b, size_t n), P(fd, b, n),                 real, -1,         EIO,       0)
CALL(says, ssize_t,        pread,                P(int fd, void *b, size_t n, off_t o), P(fd, b, n, o),     fake, -1,         EIO,       0)
CALL(says, ssize_t,        pwrite,               P(int fd, const void *b, size_t n, off_t o), P(fd, b, n, o), real, -1,       EIO,       0)
CALL(says, ssize_t,        write,                P(int fd, const void *b, size_t n), P(fd, b, n),           real, -1,         EIO,       0)
CALL(says, off_t,          lseek,                P(int fd, off_t o, int w), P(fd, o, w),                    real, -1,         EINVAL,    0)
CALL(says, int,            fstat,                P(int fd, struct stat *s), P(fd, s),                       fake, -1,         EIO,       0)
CALL(says, int,            stat,                 P(const char *p, struct stat *s), P(p, s),                 fake, -1,         EACCES,    0)
CALL(says, int,            statx,                P(int fd, const char *p, int f, unsigned m, struct statx *s), P(fd, p, f, m, s), fake, -1, EIO, 0)
CALL(says, int,            statfs,               P(const char *p, struct statfs *s), P(p, s),               fake, -1,         EIO,       0)
CALL(says, int,            fstatfs,              P(int fd, struct statfs *s), P(fd, s),                     fake, -1,         EIO,       0)
CALL(says, int,            access,               P(const char *p, int m), P(p, m),                          fake, -1,         EIO,       0)
CALL(says, ssize_t,        readlink,             P(const char *p, char *b, size_t n), P(p, b, n),           fake, -1,         EIO,       0)
CALL(says, char *,         realpath,             P(const char *p, char *r), P(p, r),                        fake, NULL,       EIO,       0)
CALL(says, int,            mkdir,                P(const char *p, mode_t m), P(p, m),                       fake, -1,         ENOSPC,    +NODES)
CALL(says, int,            rmdir,                P(const char *p), P(p),                                    fake, -1,         EPERM,     -NODES)
CALL(says, int,            unlink,               P(const char *p), P(p),                                    fake, -1,         EPERM,     0)
CALL(says, int,            ftruncate,            P(int fd, off_t n), P(fd, n),                              real, -1,         ENOSPC,    0)
CALL(says, int,            fsync,                P(int fd), P(fd),                                          real, -1,         EIO,       0)
CALL(says, int,            fallocate,            P(int fd, int m, off_t o, off_t n), P(fd, m, o, n),        fake, -1,         ENOSPC,    0)
CALL(code, int,            posix_fadvise,        P(int fd, off_t o, off_t n, int h), P(fd, o, n, h),        real, failed,      EBADF,     0)
CALL(says, int,            sync_file_range,      P(int fd, off_t o, off_t n, unsigned f), P(fd, o, n, f),   fake, -1,         EIO,       0)
CALL(says, int,            syncfs,               P(int fd), P(fd),                                          fake, -1,         EIO,       0)
CALL(says, int,            mount,                P(const char *d, const char *t, const char *k, unsigned long f, const void *o), P(d, t, k, f, o), fake, -1, EPERM, 0)
CALL(says, int,            umount2,              P(const char *t, int f), P(t, f),                          fake, -1,         EPERM,     0)
CALL(says, int,            unshare,              P(int f), P(f),                                            fake, -1,         EPERM,     0)

/* processes, and how they talk */
CALL(says, pid_t,          fork,                 P(void), P(),                                              real, -1,         EAGAIN,    0)
HAND(waitpid)
CALL(says, int,            pipe2,                P(int *fd, int f), P(fd, f),                               real, -1,         EMFILE,    0)
CALL(says, int,            socketpair,           P(int d, int t, int p, int *fd), P(d, t, p, fd),           real, -1,         EMFILE,    0)
CALL(says, ssize_t,        recv,                 P(int fd, void *b, size_t n, int f), P(fd, b, n, f),       real, -1,         ENOMEM,    0)
CALL(says, ssize_t,        recvmsg,              P(int fd, struct msghdr *m, int f), P(fd, m, f),           real, -1,         ENOMEM,    0)
CALL(says, ssize_t,        send,                 P(int fd, const void *b, size_t n, int f), P(fd, b, n, f), real, -1,         ENOBUFS,   0)
CALL(says, ssize_t,        sendmsg,              P(int fd, const struct msghdr *m, int f), P(fd, m, f),     real, -1,         ENOBUFS,   0)
CALL(says, int,            poll,                 P(struct pollfd *p, nfds_t n, int t), P(p, n, t),          real, -1,         ENOMEM,    0)
CALL(says, int,            sigaction,            P(int s, const struct sigaction *a, struct sigaction *o), P(s, a, o), real, -1, EINVAL, 0)
CALL(says, int,            timer_create,         P(clockid_t c, struct sigevent *e, timer_t *t), P(c, e, t), real, -1,        EAGAIN,    0)
CALL(says, int,            timer_settime,        P(timer_t t, int f, const struct itimerspec *n, struct itimerspec *o), P(t, f, n, o), real, -1, EINVAL, 0)
CALL(code, int,            pthread_create,       P(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *x), P(t, a, f, x), real, failed, EAGAIN, 0)
HAND(posix_spawn)
CALL(code, int,            posix_spawn_file_actions_init, P(posix_spawn_file_actions_t *a), P(a),           real, failed,     ENOMEM,    +SPAWNS)
AFTER(code, int,           posix_spawn_file_actions_destroy, P(posix_spawn_file_actions_t *a), P(a),        real, failed,     EINVAL,    -SPAWNS)
CALL(code, int,            posix_spawn_file_actions_addopen, P(posix_spawn_file_actions_t *a, int fd, const char *p, int f, mode_t m), P(a, fd, p, f, m), real, failed, ENOMEM, 0)
CALL(code, int,            posix_spawn_file_actions_adddup2, P(posix_spawn_file_actions_t *a, int f, int t), P(a, f, t), real, failed, ENOMEM, 0)
CALL(code, int,            posix_spawnattr_init, P(posix_spawnattr_t *a), P(a),                             real, failed,     ENOMEM,    +SPAWNS)
AFTER(code, int,           posix_spawnattr_destroy, P(posix_spawnattr_t *a), P(a),                          real, failed,     EINVAL,    -SPAWNS)
CALL(code, int,            posix_spawnattr_setflags, P(posix_spawnattr_t *a, short f), P(a, f),             real, failed,     EINVAL,    0)
CALL(code, int,            posix_spawnattr_setpgroup, P(posix_spawnattr_t *a, pid_t p), P(a, p),            real, failed,     EINVAL,    0)
CALL(code, int,            posix_spawnattr_setsigmask, P(posix_spawnattr_t *a, const sigset_t *s), P(a, s), real, failed,     EINVAL,    0)
CALL(code, int,            posix_spawnattr_setsigdefault, P(posix_spawnattr_t *a, const sigset_t *s), P(a, s), real, failed,  EINVAL,    0)

/* network, and netlink by libnl: messages are built by the library, the kernel is fake_netlink.c */
CALL(says, int,            socket,               P(int d, int t, int p), P(d, t, p),                        fake, -1,         EMFILE,    0)
CALL(says, int,            bind,                 P(int fd, const struct sockaddr *a, socklen_t n), P(fd, a, n), fake, -1,     EADDRINUSE, 0)
CALL(says, int,            setsockopt,           P(int fd, int l, int o, const void *v, socklen_t n), P(fd, l, o, v, n), real, -1, ENOPROTOOPT, 0)
CALL(says, int,            getifaddrs,           P(struct ifaddrs **a), P(a),                               fake, -1,         ENOBUFS,   +ADDRESSES)
RELEASE(                   freeifaddrs,          P(struct ifaddrs *a), P(a),                                fake,                        -ADDRESSES)
CALL(says, struct if_nameindex *, if_nameindex,  P(void), P(),                                              fake, NULL,       ENOBUFS,   +ADDRESSES)
RELEASE(                   if_freenameindex,     P(struct if_nameindex *i), P(i),                           fake,                        -ADDRESSES)
CALL(says, unsigned,       if_nametoindex,       P(const char *n), P(n),                                    fake, 0,          ENODEV,    0)
CALL(code, struct nl_sock *, nl_socket_alloc,    P(void), P(),                                              real, NULL,       ENOMEM,    +NETLINK)
RELEASE(                   nl_socket_free,       P(struct nl_sock *s), P(s),                                fake,                        -NETLINK)
CALL(code, int,            nl_socket_set_fd,     P(struct nl_sock *s, int p, int fd), P(s, p, fd),          fake, -NLE_BAD_SOCK, EPROTO, 0)
CALL(says, int,            nl_send_auto,         P(struct nl_sock *s, struct nl_msg *m), P(s, m),           fake, -NLE_FAILURE, ECONNREFUSED, 0)
CALL(says, int,            nl_recvmsgs,          P(struct nl_sock *s, struct nl_cb *c), P(s, c),            fake, -NLE_NOMEM, ENOBUFS,   0)
CALL(code, struct nl_cb *, nl_cb_alloc,          P(enum nl_cb_kind k), P(k),                                real, NULL,       ENOMEM,    +NETLINK)
RELEASE(                   nl_cb_put,            P(struct nl_cb *c), P(c),                                  real,                        -NETLINK)
FAKED(     int,            nl_cb_set,            P(struct nl_cb *c, enum nl_cb_type t, enum nl_cb_kind k, nl_recvmsg_msg_cb_t f, void *x), P(c, t, k, f, x))
FAKED(     int,            nl_cb_err,            P(struct nl_cb *c, enum nl_cb_kind k, nl_recvmsg_err_cb_t f, void *x), P(c, k, f, x))
CALL(code, struct nl_msg *, nlmsg_alloc_simple,  P(int t, int f), P(t, f),                                  real, NULL,       ENOMEM,    +NETLINK)
KEPT(nlmsg_free)
CALL(code, int,            nla_put_string,       P(struct nl_msg *m, int t, const char *s), P(m, t, s),     fake, -NLE_NOMEM, ENOMEM,    0)
CALL(code, int,            nla_put_u32,          P(struct nl_msg *m, int t, uint32_t v), P(m, t, v),        real, -NLE_NOMEM, ENOMEM,    0)
CALL(code, struct nl_addr *, nl_addr_build,      P(int f, const void *b, size_t n), P(f, b, n),             real, NULL,       ENOMEM,    +NETLINK)
RELEASE(                   nl_addr_put,          P(struct nl_addr *a), P(a),                                real,                        -NETLINK)
CALL(code, struct rtnl_link *, rtnl_link_alloc,  P(void), P(),                                              real, NULL,       ENOMEM,    +NETLINK)
RELEASE(                   rtnl_link_put,        P(struct rtnl_link *l), P(l),                              real,                        -NETLINK)
CALL(code, int,            rtnl_link_set_type,   P(struct rtnl_link *l, const char *t), P(l, t),            real, -NLE_NOMEM, ENOMEM,    0)
CALL(code, int,            rtnl_link_build_add_request, P(struct rtnl_link *l, int f, struct nl_msg **m), P(l, f, m), real, -NLE_NOMEM, ENOMEM, +NETLINK)
CALL(code, int,            rtnl_link_build_delete_request, P(const struct rtnl_link *l, struct nl_msg **m), P(l, m), real, -NLE_NOMEM, ENOMEM, +NETLINK)
CALL(code, struct rtnl_addr *, rtnl_addr_alloc,  P(void), P(),                                              real, NULL,       ENOMEM,    +NETLINK)
RELEASE(                   rtnl_addr_put,        P(struct rtnl_addr *a), P(a),                              real,                        -NETLINK)
CALL(code, int,            rtnl_addr_set_local,  P(struct rtnl_addr *a, struct nl_addr *l), P(a, l),        real, -NLE_NOMEM, ENOMEM,    0)
CALL(code, int,            rtnl_addr_build_add_request, P(struct rtnl_addr *a, int f, struct nl_msg **m), P(a, f, m), real, -NLE_NOMEM, ENOMEM, +NETLINK)

/* RDMA: fake_rdma.c */
CALL(says, struct rdma_event_channel *, rdma_create_event_channel, P(void), P(),                            fake, NULL,       EMFILE,    +RDMA)
RELEASE(                   rdma_destroy_event_channel, P(struct rdma_event_channel *c), P(c),               fake,                        -RDMA)
CALL(says, int,            rdma_create_id,       P(struct rdma_event_channel *c, struct rdma_cm_id **i, void *x, enum rdma_port_space p), P(c, i, x, p), fake, -1, ENOMEM, +RDMA)
AFTER(says, int,           rdma_destroy_id,      P(struct rdma_cm_id *i), P(i),                             fake, -1,         EIO,       -RDMA)
CALL(says, int,            rdma_bind_addr,       P(struct rdma_cm_id *i, struct sockaddr *a), P(i, a),      fake, -1,         EADDRNOTAVAIL, 0)
CALL(says, int,            rdma_listen,          P(struct rdma_cm_id *i, int n), P(i, n),                   fake, -1,         EADDRINUSE, 0)
CALL(says, int,            rdma_resolve_addr,    P(struct rdma_cm_id *i, struct sockaddr *s, struct sockaddr *d, int t), P(i, s, d, t), fake, -1, ENETUNREACH, 0)
CALL(says, int,            rdma_resolve_route,   P(struct rdma_cm_id *i, int t), P(i, t),                   fake, -1,         EHOSTUNREACH, 0)
CALL(says, int,            rdma_create_qp,       P(struct rdma_cm_id *i, struct ibv_pd *p, struct ibv_qp_init_attr *a), P(i, p, a), fake, -1, ENOMEM, +RDMA)
RELEASE(                   rdma_destroy_qp,      P(struct rdma_cm_id *i), P(i),                             fake,                        -RDMA)
CALL(says, int,            rdma_connect,         P(struct rdma_cm_id *i, struct rdma_conn_param *c), P(i, c), fake, -1,       EINVAL,    0)
CALL(says, int,            rdma_accept,          P(struct rdma_cm_id *i, struct rdma_conn_param *c), P(i, c), fake, -1,       EINVAL,    0)
CALL(says, int,            rdma_get_cm_event,    P(struct rdma_event_channel *c, struct rdma_cm_event **e), P(c, e), fake, -1, EIO,      +RDMA)
AFTER(says, int,           rdma_ack_cm_event,    P(struct rdma_cm_event *e), P(e),                          fake, -1,         EINVAL,    -RDMA)
CALL(says, struct ibv_device **, ibv_get_device_list, P(int *n), P(n),                                      fake, NULL,       ENOMEM,    +RDMA)
RELEASE(                   ibv_free_device_list, P(struct ibv_device **d), P(d),                            fake,                        -RDMA)
CALL(says, struct ibv_context *, ibv_open_device, P(struct ibv_device *d), P(d),                            fake, NULL,       EMFILE,    +RDMA)
CALL(code, int,            ibv_query_device,     P(struct ibv_context *c, struct ibv_device_attr *a), P(c, a), fake, failed,     EIO,       0)
CALL(code, int,            ibv_query_port,       P(struct ibv_context *c, uint8_t n, struct _compat_ibv_port_attr *a), P(c, n, a), fake, failed, EIO, 0)
CALL(code, int,            ibv_query_qp,         P(struct ibv_qp *q, struct ibv_qp_attr *a, int m, struct ibv_qp_init_attr *i), P(q, a, m, i), fake, failed, EIO, 0)
CALL(says, struct ibv_pd *, ibv_alloc_pd,        P(struct ibv_context *c), P(c),                            fake, NULL,       ENOMEM,    +RDMA)
AFTER(code, int,           ibv_dealloc_pd,       P(struct ibv_pd *p), P(p),                                 fake, failed,      EBUSY,     -RDMA)
CALL(says, struct ibv_mr *, ibv_reg_mr,          P(struct ibv_pd *p, void *a, size_t n, int f), P(p, a, n, f), fake, NULL,    EFAULT,    +RDMA)
AFTER(code, int,            ibv_dereg_mr,         P(struct ibv_mr *m), P(m),                                 fake, failed,      EBUSY,     -RDMA)
CALL(says, struct ibv_comp_channel *, ibv_create_comp_channel, P(struct ibv_context *c), P(c),              fake, NULL,       EMFILE,    +RDMA)
AFTER(code, int,           ibv_destroy_comp_channel, P(struct ibv_comp_channel *c), P(c),                   fake, failed,      EBUSY,     -RDMA)
CALL(says, struct ibv_cq *, ibv_create_cq,       P(struct ibv_context *c, int n, void *x, struct ibv_comp_channel *h, int v), P(c, n, x, h, v), fake, NULL, ENOMEM, +RDMA)
AFTER(code, int,           ibv_destroy_cq,       P(struct ibv_cq *q), P(q),                                 fake, failed,      EBUSY,     -RDMA)
CALL(says, int,            ibv_get_cq_event,     P(struct ibv_comp_channel *h, struct ibv_cq **q, void **x), P(h, q, x), fake, -1, EAGAIN, 0)
INLINE(ibv_poll_cq)
INLINE(ibv_post_send)
INLINE(ibv_post_recv)
INLINE(ibv_req_notify_cq)

/* io_uring: fake_uring.c */
CALL(code, int,            io_uring_queue_init_params, P(unsigned n, struct io_uring *u, struct io_uring_params *p), P(n, u, p), fake, -failed, EPERM, +RINGS)
RELEASE(                   io_uring_queue_exit,  P(struct io_uring *u), P(u),                               fake,                        -RINGS)
CALL(code, int,            io_uring_submit,      P(struct io_uring *u), P(u),                               fake, -failed,     EBUSY,     0)
CALL(code, int,            io_uring_wait_cqe_timeout, P(struct io_uring *u, struct io_uring_cqe **c, struct __kernel_timespec *t), P(u, c, t), fake, -failed, ENOMEM, 0)
CALL(code, int,            __io_uring_get_cqe,   P(struct io_uring *u, struct io_uring_cqe **c, unsigned s, unsigned w, sigset_t *m), P(u, c, s, w, m), fake, -failed, EAGAIN, 0)
CALL(code, int,            io_uring_register_buffers, P(struct io_uring *u, const struct iovec *v, unsigned n), P(u, v, n), fake, -failed, EFAULT, +RINGS)
CALL(code, int,            io_uring_unregister_buffers, P(struct io_uring *u), P(u),                        fake, -failed,     EINTR,     -RINGS)
CALL(code, int,            io_uring_register_files, P(struct io_uring *u, const int *f, unsigned n), P(u, f, n), fake, -failed, EMFILE, +RINGS)
AFTER(code, int,           io_uring_unregister_files, P(struct io_uring *u), P(u),                          fake, -failed,     ENXIO,     -RINGS)

/* device-mapper and trace instances: fake_gate.c */
CALL(says, struct dm_task *, dm_task_create,     P(int t), P(t),                                            fake, NULL,       EACCES,    +GATES)
RELEASE(                   dm_task_destroy,      P(struct dm_task *t), P(t),                                fake,                        -GATES)
CALL(says, int,            dm_task_set_name,     P(struct dm_task *t, const char *n), P(t, n),              fake, 0,          ENOMEM,    0)
CALL(code, int,            dm_task_set_cookie,   P(struct dm_task *t, uint32_t *c, uint16_t f), P(t, c, f), fake, 0,          EPERM,     0)
FAKED(     int,            dm_task_no_flush,     P(struct dm_task *t), P(t))
FAKED(     int,            dm_task_skip_lockfs,  P(struct dm_task *t), P(t))
FAKED(     int,            dm_task_deferred_remove, P(struct dm_task *t), P(t))
CALL(code, int,            dm_task_add_target,   P(struct dm_task *t, uint64_t s, uint64_t n, const char *k, const char *p), P(t, s, n, k, p), fake, 0, ENOMEM, 0)
INLINE(dm_control) /* the library cannot open /dev/mapper/control: a failure without its errno */
HAND(dm_task_run)
FAKED(     int,            dm_task_get_errno,    P(struct dm_task *t), P(t))
FAKED(     struct dm_names *, dm_task_get_names, P(struct dm_task *t), P(t))
FAKED(     struct dm_versions *, dm_task_get_versions, P(struct dm_task *t), P(t))
CALL(code, int,            dm_mknodes,           P(const char *n), P(n),                                    fake, 0,          EPERM,     0)
RELEASE(                   dm_task_update_nodes, P(void), P(),                                              fake,                        0)
RELEASE(                   dm_lib_release,       P(void), P(),                                              fake,                        0)
CALL(code, int,            tracefs_tracing_dir_is_mounted, P(bool m, const char **p), P(m, p),              fake, -1,         ENOENT,    0)
CALL(says, struct tracefs_instance *, tracefs_instance_create, P(const char *n), P(n),                      fake, NULL,       EPERM,     +GATES)
AFTER(says, int,           tracefs_instance_destroy, P(struct tracefs_instance *i), P(i),                   fake, -1,         EBUSY,     -GATES)
RELEASE(                   tracefs_instance_free, P(struct tracefs_instance *i), P(i),                      fake,                        -GATES)
CALL(says, char *,         tracefs_instance_file_read, P(struct tracefs_instance *i, const char *f, int *n), P(i, f, n), fake, NULL, EIO, +MEMORY)
CALL(says, int,            tracefs_instance_file_write, P(struct tracefs_instance *i, const char *f, const char *t), P(i, f, t), fake, -1, EIO, 0)
CALL(says, int,            tracefs_instance_set_buffer_size, P(struct tracefs_instance *i, size_t k, int c), P(i, k, c), fake, -1, ENOMEM, 0)
CALL(says, char *,         tracefs_event_file_read, P(struct tracefs_instance *i, const char *s, const char *e, const char *f, int *n), P(i, s, e, f, n), fake, NULL, EIO, +MEMORY)
CALL(says, int,            tracefs_event_file_write, P(struct tracefs_instance *i, const char *s, const char *e, const char *f, const char *t), P(i, s, e, f, t), fake, -1, EIO, 0)
CALL(says, int,            tracefs_event_disable, P(struct tracefs_instance *i, const char *s, const char *e), P(i, s, e), fake, -1, EIO, 0)
CALL(says, int,            tracefs_trace_off,    P(struct tracefs_instance *i), P(i),                       fake, -1,         EIO,       0)
AFTER(says, int,           tracefs_instance_file_append, P(struct tracefs_instance *i, const char *f, const char *t), P(i, f, t), fake, -1, EIO, 0)
CALL(says, int,            tracefs_kprobe_raw,   P(const char *s, const char *e, const char *a, const char *f), P(s, e, a, f), fake, -1, ENOENT, +GATES)
CALL(says, int,            tracefs_kretprobe_raw, P(const char *s, const char *e, const char *a, const char *f), P(s, e, a, f), fake, -1, ENOENT, +GATES)
FAKED(     const char *,   tracefs_tracing_dir,  P(void), P())
CALL(says, int,            tracefs_trace_on,     P(struct tracefs_instance *i), P(i),                       fake, -1,         EIO,       0)
CALL(says, int,            tracefs_iterate_raw_events, P(struct tep_handle *t, struct tracefs_instance *i, cpu_set_t *c, int n, int (*f)(struct tep_event *, struct tep_record *, int, void *), void *x), P(t, i, c, n, f, x), fake, -1, EIO, 0)
CALL(code, struct tep_handle *, tep_alloc,       P(void), P(),                                              fake, NULL,       ENOMEM,    +GATES)
RELEASE(                   tep_free,             P(struct tep_handle *t), P(t),                             fake,                        -GATES)
CALL(code, int,            tep_parse_header_page, P(struct tep_handle *t, char *b, unsigned long n, int l), P(t, b, n, l), fake, -1, EPROTO, 0)
CALL(code, enum tep_errno, tep_parse_event,      P(struct tep_handle *t, const char *b, unsigned long n, const char *s), P(t, b, n, s), fake, TEP_ERRNO__MEM_ALLOC_FAILED, EPROTO, 0)
CALL(code, struct tep_event *, tep_find_event_by_name, P(struct tep_handle *t, const char *s, const char *n), P(t, s, n), fake, NULL, ENODEV, 0)
CALL(code, struct tep_format_field *, tep_find_field, P(struct tep_event *e, const char *n), P(e, n),       fake, NULL,       ENODEV,    0)
FAKED(     int,            tep_data_pid,         P(struct tep_handle *t, struct tep_record *r), P(t, r))
CALL(code, int,            tep_get_field_val,    P(struct trace_seq *s, struct tep_event *e, const char *n, struct tep_record *r, unsigned long long *v, int x), P(s, e, n, r, v, x), fake, -1, EPROTO, 0)
CALL(code, void *,         tep_get_field_raw,    P(struct trace_seq *s, struct tep_event *e, const char *n, struct tep_record *r, int *l, int x), P(s, e, n, r, l, x), fake, NULL, EPROTO, 0)

/* signatures on disks, by the library itself upon a file */
CALL(code, blkid_probe,    blkid_new_probe,      P(void), P(),                                              real, NULL,       ENOMEM,    +PROBES)
RELEASE(                   blkid_free_probe,     P(blkid_probe p), P(p),                                    real,                        -PROBES)
CALL(code, int,            blkid_probe_set_device, P(blkid_probe p, int fd, blkid_loff_t o, blkid_loff_t n), P(p, fd, o, n), real, -1, EIO, 0)
CALL(code, int,            blkid_probe_enable_superblocks, P(blkid_probe p, int e), P(p, e),                real, -1,         EIO,       0)
CALL(code, int,            blkid_probe_set_superblocks_flags, P(blkid_probe p, int f), P(p, f),             real, -1,         EIO,       0)
CALL(code, int,            blkid_probe_enable_partitions, P(blkid_probe p, int e), P(p, e),                 real, -1,         EIO,       0)
CALL(code, int,            blkid_probe_set_partitions_flags, P(blkid_probe p, int f), P(p, f),              real, -1,         EIO,       0)
CALL(code, int,            blkid_do_probe,       P(blkid_probe p), P(p),                                    real, -1,         EIO,       0)

CANNOT_FAIL("computes only",
	__ctype_b_loc __isoc99_sscanf fprintf gnu_dev_major gnu_dev_makedev gnu_dev_minor htonl htons memchr memcmp strerror strtol memcpy memset inet_ntop qsort snprintf vsnprintf strcasecmp strchr strcmp strcspn
	strlen strncmp strrchr strstr strtok_r strtoll strtoul strtoull strverscmp sigemptyset sigfillset
	ibv_wc_status_str ibv_get_device_name rdma_event_str rdma_get_src_port
	nla_data nla_find nla_get_string nla_get_u32 nla_get_u64 nla_len nla_next nla_ok nla_strcmp nlmsg_find_attr nlmsg_hdr
	rtnl_addr_set_ifindex rtnl_link_set_flags rtnl_link_set_mtu rtnl_link_set_name
	dm_dir dm_log_with_errno_init dm_udev_set_checking dm_udev_set_sync_support
	blkid_probe_lookup_value)
CANNOT_FAIL("always succeeds with the arguments that it gets",
	__errno_location _GLOBAL_OFFSET_TABLE_ _exit clock_gettime environ geteuid getenv getpid getppid getrusage gettid
	prctl pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_unlock
	pthread_clockjoin_np pthread_sigmask raise rewinddir setsid __sigsetjmp siglongjmp signal
	sigprocmask sysconf timer_delete uname ibv_ack_cq_events)
CANNOT_FAIL("is named in a branch that is never taken, by a compiler that does not optimize", ibv_reg_mr_iova2)
CANNOT_FAIL("what fails ends the owner, which its nursery answers for: tests/unit/test_owner.c",
	dup2 execv setrlimit)
CANNOT_FAIL("only asks or ends a process of ours, or looks whether a stranger lives", kill)
CANNOT_FAIL("ends a pause early, or flushes what the caller printed, at worst", nanosleep fflush shutdown)
#undef P
/* clang-format on */
