/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* One PF_KEY request on its way. An error a handler returns becomes a message to the requester. */

#include "ctl/event.h"
#include "ctl/pfkey/client.h"
#include "wire/pfkey_reader.h"

struct ux_pfkey_request {
	struct uxfrm *u;
	struct uxfrm_pfkey *client;
	const struct sadb_msg *msg; /* aligned copy; lives until the handler returns */
	size_t len;
	struct ux_pfkey_exts exts;
	struct ux_event_origin origin;
};

typedef int (*ux_pfkey_handler)(struct ux_pfkey_request *req);

int ux_pfkey_getspi(struct ux_pfkey_request *req); /* sa_request.c */
int ux_pfkey_add(struct ux_pfkey_request *req);	   /* ADD and UPDATE */
int ux_pfkey_delete(struct ux_pfkey_request *req);
int ux_pfkey_get(struct ux_pfkey_request *req);
int ux_pfkey_acquire(struct ux_pfkey_request *req);
int ux_pfkey_flush(struct ux_pfkey_request *req);
int ux_pfkey_register(struct ux_pfkey_request *req); /* register_request.c */
int ux_pfkey_promisc(struct ux_pfkey_request *req);
int ux_pfkey_dump(struct ux_pfkey_request *req); /* dump.c */
int ux_pfkey_spddump(struct ux_pfkey_request *req);
int ux_pfkey_spdadd(struct ux_pfkey_request *req); /* policy_request.c: SPDADD, UPDATE, SETIDX */
int ux_pfkey_spddelete(struct ux_pfkey_request *req);
int ux_pfkey_spdget(struct ux_pfkey_request *req); /* SPDGET and SPDDELETE2 */
int ux_pfkey_spdflush(struct ux_pfkey_request *req);
int ux_pfkey_migrate(struct ux_pfkey_request *req); /* migrate_request.c */

/* ux_pfkey_answer - the bare header of the request with this error (0 = none), to the requester.
 * -ENOBUFS: no room. */
int ux_pfkey_answer(const struct ux_pfkey_request *req, int error);

/* ux_pfkey_satype_proto - the protocol of an SA type; 255 for "any", 0 for one that has none. */
uint8_t ux_pfkey_satype_proto(uint8_t satype);
uint8_t ux_pfkey_satype_of(uint8_t proto);
/* ux_pfkey_mode_in - the mode by PF_KEY's number; false when there is none. */
bool ux_pfkey_mode_in(uint8_t number, uint8_t *ret_mode);
/* ux_pfkey_mode_out - PF_KEY's number of a mode; false when it has none. */
bool ux_pfkey_mode_out(uint8_t mode, uint8_t *ret_number);
/* ux_pfkey_selector - the selector that two address extensions make. */
struct ux_selector ux_pfkey_selector(const struct ux_pfkey_exts *exts);
