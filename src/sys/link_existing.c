/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An RDMA device that is there already: found and looked at, never changed. */
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/link.h"

#define IBCLASS "/sys/class/infiniband"

/* The names of all devices, ", " between them; "" if there is none. */
static void list_devices(char *out, size_t size)
{
	DIR *dir = opendir(IBCLASS);
	struct dirent *e;
	size_t used = 0;

	out[0] = '\0';
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
						 e->d_name);
	if (dir)
		closedir(dir);
}

static bool device_exists(const char *ibdev)
{
	char path[160];

	if (strchr(ibdev, '/') || ibdev[0] == '.' || !ibdev[0])
		return false;
	snprintf(path, sizeof(path), IBCLASS "/%.100s", ibdev);
	return !access(path, F_OK);
}

static bool line_is(const char *path, const char *want)
{
	FILE *f = fopen(path, "re");
	char line[64] = "";
	bool is;

	if (!f)
		return false;
	/* Entries of the table that are not used cannot be read. */
	is = fgets(line, sizeof(line), f) && (line[strcspn(line, "\n")] = '\0', true) &&
	     !strcmp(line, want);
	fclose(f);
	return is;
}

/* Is @netdev the network side of the device's first port? RoCE and iWARP say so in the table of
 * GIDs, InfiniBand has its network devices beside it. */
static bool of_device(const char *ibdev, const char *netdev)
{
	char path[256];

	snprintf(path, sizeof(path), IBCLASS "/%.100s/device/net/%.64s", ibdev, netdev);
	if (!access(path, F_OK))
		return true;
	for (int i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), IBCLASS "/%.100s/ports/1/gid_attrs/ndevs/%d", ibdev,
			 i);
		if (access(path, F_OK))
			break;
		if (line_is(path, netdev))
			return true;
	}
	return false;
}

static int find_address(struct pp_link *out, struct pp_err *err)
{
	struct ifaddrs *all, *a;
	int rc = -ENODEV;

	if (getifaddrs(&all))
		return pp_err_set(err, -errno, "cannot list the network devices");
	for (a = all; a && rc; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;

		if (!in || in->sin_family != AF_INET || !of_device(out->ibdev, a->ifa_name))
			continue;
		snprintf(out->netdev, sizeof(out->netdev), "%.15s", a->ifa_name);
		out->address = in->sin_addr;
		rc = 0;
	}
	freeifaddrs(all);
	if (rc)
		pp_err_set(err, rc,
			   "RDMA device %s has no network device with an IPv4 address, which "
			   "rdma_cm needs to connect it to itself.",
			   out->ibdev);
	return rc;
}

int pp_link_existing(const char *ibdev, struct pp_link *out, struct pp_err *err)
{
	char names[256];

	memset(out, 0, sizeof(*out));
	list_devices(names, sizeof(names));
	if (!device_exists(ibdev) || strlen(ibdev) >= sizeof(out->ibdev))
		return pp_err_set(err, -ENODEV, "there is no RDMA device '%s': %s%s.", ibdev,
				  names[0] ? "there are " : "this machine has none", names);
	snprintf(out->ibdev, sizeof(out->ibdev), "%.63s", ibdev);
	return find_address(out, err);
}
