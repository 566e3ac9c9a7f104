/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What drivers ask of the fake devices beyond their calls. */
#ifndef PP_TESTS_FAULTS_FAKES_H
#define PP_TESTS_FAULTS_FAKES_H

/* No process has it: the largest number that the kernel can be told to give. */
#define FAKE_DEAD_PID "4194303"

struct nl_msg;
void __real_free(void *p);
void __real_nlmsg_free(struct nl_msg *m);

/* RDMA and network devices of the machine: added, counted, gone, the name of the last, opened by
 * us. A link that a process holds is only removed once that process is dead. */
void fake_link_init(void);
void fake_link_add(const char *name);
void fake_netdev_add(const char *name);
unsigned fake_links(void);
void fake_links_forget(void);
const char *fake_link_name(void);
void fake_link_hold(void);

#endif
