/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A PF_KEY socket, and who gets a message. */

#include <uxfrm/engine.h>

#include "base/list.h"
#include "core/instance.h"
#include "ctl/sa_filter.h"
#include "wire/pfkey_writer.h"

enum ux_pfkey_dump_of { UX_PFKEY_DUMP_NONE, UX_PFKEY_DUMP_SAD, UX_PFKEY_DUMP_SPD };

/* A message in memory of its own. It may hold keys: given back by ux_pfkey_bytes_free. */
struct ux_pfkey_bytes {
	uint8_t *at; /* NULL: none */
	size_t len;
};
void ux_pfkey_bytes_free(struct ux_pfkey_bytes *bytes);

/*
 * An open dump. The last message differs from the others (its sequence number is 0), so each is
 * held back until the next one is known.
 */
struct ux_pfkey_dump {
	enum ux_pfkey_dump_of of; /* UX_PFKEY_DUMP_NONE: none open */
	struct ux_sad_cursor sad;
	struct ux_spd_cursor spd;
	struct ux_sa_filter filter;
	uint8_t version; /* of the request */
	uint32_t pid, count;
	int result; /* 1: more may come; 0 or -errno: the database's end */
	struct ux_pfkey_bytes held, fresh;
};

struct uxfrm_pfkey {
	struct ux_list all; /* uxfrm.pfkey_clients, newest first */
	struct uxfrm *u;
	const struct uxfrm_client_ops *ops;
	void *opaque;
	uint32_t registered; /* bit n: SA type n */
	bool promiscuous;
	struct ux_pfkey_dump dump;
};

/* Beside these, promiscuous sockets get a copy of everything. */
enum ux_pfkey_to {
	UX_PFKEY_TO_ONE,
	UX_PFKEY_TO_REGISTERED,
	UX_PFKEY_TO_ALL,
	UX_PFKEY_TO_PROMISCUOUS, /* nobody else */
};

/*
 * ux_pfkey_send - to those named by @to, and to @one last (NULL: there is none in particular).
 * -ENOBUFS: @one has no room for it. That others have none is nobody's concern.
 */
int ux_pfkey_send(struct uxfrm *u, const void *msg, size_t len, enum ux_pfkey_to to,
		  struct uxfrm_pfkey *one);
/* ux_pfkey_send_written - the same with what was written, unless it did not fit (-EMSGSIZE). */
int ux_pfkey_send_written(struct uxfrm *u, struct ux_pfkey_writer *w, enum ux_pfkey_to to,
			  struct uxfrm_pfkey *one);

/* ux_pfkey_dump_end - drop a dump that is open; none is fine. */
void ux_pfkey_dump_end(struct uxfrm_pfkey *client);
