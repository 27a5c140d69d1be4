/* SPDX-License-Identifier: BSD-2-Clause */
/* REGISTER and PROMISC: what a socket wants to hear. */

#include <errno.h>

#include "ctl/event.h"
#include "ctl/pfkey/algorithms.h"
#include "ctl/pfkey/request.h"

static void put_supported(struct ux_pfkey_writer *w, uint16_t type, enum ux_algo_class class)
{
	const struct ux_pfkey_algorithm *a = ux_pfkey_algorithm_next(class, NULL);
	const struct sadb_supported none = {0};

	if (!a)
		return;
	ux_pfkey_ext(w, type, &none, sizeof(none));
	for (; a; a = ux_pfkey_algorithm_next(class, a))
		ux_pfkey_append(w, &a->desc, sizeof(a->desc));
}

/* The answer tells the algorithms of this build, to all that have registered so far. */
int ux_pfkey_register(struct ux_pfkey_request *req)
{
	uint8_t buf[sizeof(struct sadb_msg) + 2 * sizeof(struct sadb_supported) +
		    2 * UX_PFKEY_ALGORITHMS_MAX * sizeof(struct sadb_alg)];
	struct sadb_msg head = *req->msg;
	uint8_t satype = head.sadb_msg_satype;
	struct ux_pfkey_writer w;

	if (satype > SADB_SATYPE_MAX)
		return -EINVAL;
	if (satype != SADB_SATYPE_UNSPEC) {
		if (req->client->registered & (1u << satype))
			return -EEXIST;
		req->client->registered |= 1u << satype;
		ux_event_listeners_changed(req->u);
	}
	head.sadb_msg_errno = 0;
	ux_pfkey_begin(&w, buf, sizeof(buf), &head);
	put_supported(&w, SADB_EXT_SUPPORTED_AUTH, UX_ALGO_AUTH);
	put_supported(&w, SADB_EXT_SUPPORTED_ENCRYPT, UX_ALGO_CIPHER);
	(void)ux_pfkey_send_written(req->u, &w, UX_PFKEY_TO_REGISTERED, req->client);
	return 0;
}

/* A bare header turns the mode on and off; with more behind it, it is only passed on. */
int ux_pfkey_promisc(struct ux_pfkey_request *req)
{
	struct sadb_msg head = *req->msg;

	if (req->len != sizeof(head)) {
		(void)ux_pfkey_send(req->u, req->msg, req->len, UX_PFKEY_TO_ALL, NULL);
		return 0;
	}
	if (head.sadb_msg_satype > 1)
		return -EINVAL;
	req->client->promiscuous = head.sadb_msg_satype;
	head.sadb_msg_errno = 0;
	(void)ux_pfkey_send(req->u, &head, sizeof(head), UX_PFKEY_TO_ALL, NULL);
	return 0;
}
