/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets up and takes down what a run needs on this machine; see machine.h. */
#include "run/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/pi_disk.h"
#include "sys/probe.h"

static int make_workdir(struct pp_machine *m, struct pp_err *err)
{
	const char *base = getenv("TMPDIR");

	if (snprintf(m->workdir, sizeof(m->workdir), "%s/pinproof.XXXXXX",
		     base && base[0] ? base : "/tmp") >= (int)sizeof(m->workdir))
		return pp_err_set(err, -ENAMETOOLONG, "TMPDIR is too long.");
	if (mkdtemp(m->workdir))
		return 0;
	return pp_err_set(err, -errno, "cannot make a work directory %s", m->workdir);
}

/* A device that was asked for by name must be there; a link of our own may be missing. */
static int make_link(struct pp_machine *m, const char *device, struct pp_err *err)
{
	struct pp_err ignored = { 0 };
	int rc = 0;

	pp_link_sweep(&ignored);
	if (device)
		rc = pp_link_existing(device, &m->link, err);
	m->has_link = !rc && (device || !pp_link_make(&m->link, &m->link_why));
	return rc;
}

/* Only where a module and a disk of memory disturb nobody. */
static void make_pi_disk(struct pp_machine *m, bool guest, bool wanted)
{
	if (!guest)
		pp_err_set(&m->pi_why, -EPERM,
			   "scsi_debug is loaded in throw-away guests only: pinproof vm run.");
	else if (!wanted)
		pp_err_set(&m->pi_why, -ENOENT, "scsi_debug is loaded when a case needs it.");
	else
		m->has_pi_disk = !pp_pi_disk_make(&m->pi_why);
}

/* The disk and the module, which only this run has loaded. */
static void remove_pi_disk(struct pp_machine *m, struct pp_err *err)
{
	if (m->has_pi_disk)
		pp_pi_disk_remove(err);
	m->has_pi_disk = false;
}

int pp_machine_open(struct pp_machine *m, const struct pp_config *c, bool pi_disk,
		    struct pp_err *err)
{
	struct pp_probe_env env = { .slots = &m->slots, .guest = c->guest };
	struct pp_err ignored = { 0 };
	size_t len;
	int rc;

	memset(m, 0, sizeof(*m));
	m->kmsg.fd = -1;
	make_pi_disk(m, c->guest, pi_disk);
	rc = pp_slots_probe(&m->slots, c->disks, c->n_disks, c->guest, err);
	if (!rc)
		rc = make_workdir(m, err);
	if (rc) {
		remove_pi_disk(m, &ignored);
		return rc;
	}
	rc = pp_guardian_start(&m->guardian, err);
	if (rc) {
		remove_pi_disk(m, &ignored);
		rmdir(m->workdir);
		return rc;
	}
	rc = make_link(m, c->device, err);
	if (!rc)
		rc = pp_guardian_tell(&m->guardian, m->has_link ? &m->link : NULL, m->workdir, err);
	if (rc) {
		free(pp_machine_close(m, &len, &ignored));
		return rc;
	}
	pp_kmsg_open(&m->kmsg, &ignored);
	env.link = m->has_link ? &m->link : NULL;
	env.link_why = m->link_why.text;
	env.pi_why = m->pi_why.text;
	pp_probe_all(&m->facts, &env);
	/* After the probes, which load the modules whose events are asked for. */
	rc = pp_tracing_open(&m->tracing, c, &m->facts, err);
	if (rc)
		free(pp_machine_close(m, &len, &ignored));
	return rc;
}

char *pp_machine_close(struct pp_machine *m, size_t *len, struct pp_err *err)
{
	char *log;

	err->text[0] = '\0';
	if (m->has_link)
		pp_link_remove(&m->link, err);
	remove_pi_disk(m, err);
	pp_tracing_close(&m->tracing);
	rmdir(m->workdir);
	pp_guardian_stop(&m->guardian);
	log = pp_kmsg_drain(&m->kmsg, len);
	pp_kmsg_close(&m->kmsg);
	return log;
}
