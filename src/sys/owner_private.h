/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the nursery and the owner it forks say to each other. Internal to owner*.c. */
#ifndef PP_SYS_OWNER_PRIVATE_H
#define PP_SYS_OWNER_PRIVATE_H

#include "sys/owner.h"

enum pp_owner_what {
	PP_OWN_START,
	PP_OWN_REG,
	PP_OWN_DEREG,
	PP_OWN_UNMAP,
	PP_OWN_FORK,
	PP_OWN_END,
	PP_OWN_HEIR_END
};

struct pp_owner_request {
	uint32_t serial;
	enum pp_owner_what what;
	enum pp_owner_end end;
	struct pp_owner_limits limits;
	uint16_t index; /* of the MR or region */
	uint64_t offset_bytes, length_bytes;
	bool has_fd;
	char path[256];
};

struct pp_owner_answer {
	uint32_t serial;
	int result;
	pid_t pid, heir; /* that live now */
	char why[256];
};

/**
 * pp_owner_live - the owner's life: apply the limits, open the device, serve requests on @socket
 * until it ends; @stay closes when the nursery dies
 */
__attribute__((noreturn)) void pp_owner_live(int socket, int stay, const struct pp_plan *plan,
					     const char *ibdev,
					     const struct pp_owner_request *start);

#endif
