/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DUMP and SPDDUMP: a message for each SA or policy, numbered from 1, the last one with the number
 * 0. What the client has no room for waits for uxfrm_pfkey_resume.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/api.h>

#include "ctl/pfkey/policy_message.h"
#include "ctl/pfkey/request.h"
#include "ctl/pfkey/sa_message.h"

static struct sadb_msg next_head(const struct ux_pfkey_dump *d)
{
	return (struct sadb_msg){
	    .sadb_msg_version = d->version,
	    .sadb_msg_type = d->of == UX_PFKEY_DUMP_SAD ? SADB_DUMP : SADB_X_SPDDUMP,
	    .sadb_msg_seq = d->count + 1,
	    .sadb_msg_pid = d->pid,
	};
}

/* 1: d->fresh is the next message; 0: there is none; -errno: it cannot be told. */
static int read_sa(struct uxfrm *u, struct ux_pfkey_dump *d)
{
	const struct sadb_msg head = next_head(d);
	const struct ux_sa *sa;

	do
		sa = ux_sad_cursor_next(&u->sad, &d->sad);
	while (sa && !ux_sa_filter_wants(&d->filter, sa));
	if (!sa)
		return 0;
	int err = ux_pfkey_sa_message_whole(sa, &head, &d->fresh);

	return err < 0 ? err : 1;
}

static int read_policy(struct uxfrm *u, struct ux_pfkey_dump *d)
{
	struct sadb_msg head = next_head(d);
	uint8_t buf[UX_PFKEY_POLICY_MAX];
	const struct ux_policy *policy;
	size_t len;

	do
		policy = ux_spd_cursor_next(&u->spd, &d->spd);
	while (policy && policy->type != UX_POLICY_TYPE_MAIN);
	if (!policy)
		return 0;
	head.sadb_msg_reserved = ux_pfkey_policy_references(policy, 0);
	int err = ux_pfkey_policy_message(policy, &head, buf, &len);

	if (err < 0)
		return err;
	d->fresh.at = malloc(len);
	if (!d->fresh.at)
		return -ENOBUFS;
	memcpy(d->fresh.at, buf, len);
	d->fresh.len = len;
	return 1;
}

static void read_next(struct uxfrm *u, struct ux_pfkey_dump *d)
{
	d->result = d->of == UX_PFKEY_DUMP_SAD ? read_sa(u, d) : read_policy(u, d);
	if (d->result > 0)
		d->count++;
	else if (d->result == 0 && d->count == 0)
		d->result = -ENOENT; /* nothing at all */
}

/* The held message is the last. An error goes into it as Linux does it: cut to a byte. */
static void mark_last(struct ux_pfkey_dump *d)
{
	struct sadb_msg m;

	memcpy(&m, d->held.at, sizeof(m));
	m.sadb_msg_seq = 0;
	m.sadb_msg_errno = (uint8_t)d->result;
	memcpy(d->held.at, &m, sizeof(m));
}

/* False: the dump is over, or the client has no room. */
static bool send_one(struct uxfrm_pfkey *c)
{
	struct ux_pfkey_dump *d = &c->dump;

	if (d->result > 0 && !d->fresh.at)
		read_next(c->u, d);
	if (d->held.at) {
		if (d->result <= 0)
			mark_last(d);
		if (ux_pfkey_send(c->u, d->held.at, d->held.len, UX_PFKEY_TO_ONE, c) < 0)
			return false;
		ux_pfkey_bytes_free(&d->held);
	}
	if (d->result <= 0)
		return false;
	d->held = d->fresh;
	d->fresh = (struct ux_pfkey_bytes){0};
	return true;
}

/* Is it over? Then *ret_result is how it ended. */
static bool run(struct uxfrm_pfkey *c, int *ret_result)
{
	struct ux_pfkey_dump *d = &c->dump;

	while (send_one(c))
		;
	if (d->result > 0 || d->held.at)
		return false;
	*ret_result = d->result;
	ux_pfkey_dump_end(c);
	return true;
}

void ux_pfkey_dump_end(struct uxfrm_pfkey *client)
{
	struct ux_pfkey_dump *d = &client->dump;

	if (d->of == UX_PFKEY_DUMP_SAD)
		ux_sad_cursor_fini(&d->sad);
	else if (d->of == UX_PFKEY_DUMP_SPD)
		ux_spd_cursor_fini(&d->spd);
	ux_pfkey_bytes_free(&d->held);
	ux_pfkey_bytes_free(&d->fresh);
	memset(d, 0, sizeof(*d));
}

UXFRM_API bool uxfrm_pfkey_resume(struct uxfrm_pfkey *client)
{
	int result;

	/* an error at the end is in the last message */
	return client->dump.of != UX_PFKEY_DUMP_NONE && !run(client, &result);
}

static int start(struct ux_pfkey_request *req, enum ux_pfkey_dump_of of)
{
	struct ux_pfkey_dump *d = &req->client->dump;
	int result;

	d->of = of;
	d->version = req->msg->sadb_msg_version;
	d->pid = req->msg->sadb_msg_pid;
	d->result = 1;
	if (of == UX_PFKEY_DUMP_SAD)
		ux_sad_cursor_init(&d->sad);
	else
		ux_spd_cursor_init(&d->spd);
	return run(req->client, &result) ? result : 0;
}

int ux_pfkey_dump(struct ux_pfkey_request *req)
{
	const struct sadb_x_filter *f = req->exts.at[SADB_X_EXT_FILTER];
	struct ux_sa_filter filter = {.proto = ux_pfkey_satype_proto(req->msg->sadb_msg_satype)};

	if (req->client->dump.of != UX_PFKEY_DUMP_NONE)
		return -EBUSY;
	if (!filter.proto)
		return -EINVAL;
	if (f) {
		memcpy(&filter.saddr, f->sadb_x_filter_saddr, sizeof(filter.saddr));
		memcpy(&filter.daddr, f->sadb_x_filter_daddr, sizeof(filter.daddr));
		filter.family = f->sadb_x_filter_family;
		filter.prefixlen_s = f->sadb_x_filter_splen;
		filter.prefixlen_d = f->sadb_x_filter_dplen;
	}
	if (!ux_sa_filter_is_sound(&filter))
		return -EINVAL;
	req->client->dump.filter = filter;
	return start(req, UX_PFKEY_DUMP_SAD);
}

int ux_pfkey_spddump(struct ux_pfkey_request *req)
{
	if (req->client->dump.of != UX_PFKEY_DUMP_NONE)
		return -EBUSY;
	return start(req, UX_PFKEY_DUMP_SPD);
}
