/* SPDX-License-Identifier: BSD-2-Clause */
/* GETSPI, UPDATE, ADD, DELETE, GET, FLUSH, and ACQUIRE from a key manager. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/sad_ahead.h"
#include "ctl/label.h"
#include "ctl/pfkey/sa_message.h"
#include "ctl/pfkey/sa_parse.h"
#include "ctl/sa_change.h"
#include "ctl/spi_reserve.h"

/* The range of SPIs when the request names none. */
#define SPI_MIN 0x100
#define SPI_MAX 0x0fffffff

/* The SA as the answer to a request, to the requester. */
static int reply_sa(struct ux_pfkey_request *req, const struct ux_sa *sa)
{
	const struct sadb_msg head = {.sadb_msg_version = req->msg->sadb_msg_version,
				      .sadb_msg_type = req->msg->sadb_msg_type,
				      .sadb_msg_seq = req->msg->sadb_msg_seq,
				      .sadb_msg_pid = req->msg->sadb_msg_pid};
	struct ux_pfkey_bytes bytes;
	int err = ux_pfkey_sa_message_whole(sa, &head, &bytes);

	if (err < 0)
		return err;
	(void)ux_pfkey_send(req->u, bytes.at, bytes.len, UX_PFKEY_TO_ONE, req->client);
	ux_pfkey_bytes_free(&bytes);
	return 0;
}

/* As in Linux the larval SA is there, and stays, before its SPI is thought of. */
int ux_pfkey_getspi(struct ux_pfkey_request *req)
{
	const struct sadb_spirange *range = req->exts.at[SADB_EXT_SPIRANGE];
	const struct sadb_x_sa2 *sa2 = req->exts.at[SADB_X_EXT_SA2];
	struct ux_spi_wish wish = {.seq = req->msg->sadb_msg_seq, .min = SPI_MIN, .max = SPI_MAX};
	struct ux_sa_params params = {.pcpu = UINT32_MAX};
	struct ux_sa *sa;
	int err;

	params.id.proto = ux_pfkey_satype_proto(req->msg->sadb_msg_satype);
	if (!ux_pfkey_has_pair(&req->exts) || !params.id.proto)
		return -EINVAL;
	if (sa2 && !ux_pfkey_mode_in(sa2->sadb_x_sa2_mode, &params.mode))
		return -EINVAL;
	params.reqid = sa2 ? sa2->sadb_x_sa2_reqid : 0;
	struct ux_pfkey_address d = ux_pfkey_address(req->exts.at[SADB_EXT_ADDRESS_DST]);

	params.id.daddr = d.addr;
	params.id.family = d.family;
	params.saddr = ux_pfkey_address(req->exts.at[SADB_EXT_ADDRESS_SRC]).addr;
	if (range) {
		wish.min = range->sadb_spirange_min;
		wish.max = range->sadb_spirange_max;
	}
	err = ux_spi_larval(req->u, &params, wish.seq, &sa);
	if (err == 0)
		err = ux_spi_check_range(sa->id.proto, wish.min, wish.max, NULL);
	if (err == 0)
		err = ux_spi_reserve(req->u, &wish, &params, &sa, NULL);
	return err < 0 ? err : reply_sa(req, sa);
}

int ux_pfkey_add(struct ux_pfkey_request *req)
{
	struct ux_pfkey_sa_request r;
	struct ux_sad_places places;
	struct ux_sa *sa;
	int err = ux_pfkey_sa_parse(req, &r);

	if (err < 0)
		return err;
	err = ux_sa_new(req->u, &r.params, &sa, NULL);
	if (err < 0) {
		ux_shared_release(r.label);
		return err;
	}
	err = ux_sa_set_label(sa, r.label);
	if (err < 0) {
		ux_sa_free(sa);
		return err;
	}
	if (req->msg->sadb_msg_type == SADB_UPDATE)
		return ux_sa_update(req->u, sa, &r.params, &req->origin, NULL);
	places = ux_sad_ahead_of_new(req->u, &sa->id, sa->reqid);
	return ux_sa_add(req->u, sa, &r.params, &places, &req->origin);
}

/* By destination, SPI and protocol; of marks PF_KEY knows only that a packet may have none. */
static int find_sa(const struct ux_pfkey_request *req, struct ux_sa **ret_sa)
{
	const struct sadb_sa *p = req->exts.at[SADB_EXT_SA];
	struct ux_sa_id id = {.proto = ux_pfkey_satype_proto(req->msg->sadb_msg_satype)};

	if (!p || !ux_pfkey_has_pair(&req->exts))
		return -EINVAL;
	struct ux_pfkey_address d = ux_pfkey_address(req->exts.at[SADB_EXT_ADDRESS_DST]);

	id.daddr = d.addr;
	id.family = d.family;
	id.spi = p->sadb_sa_spi;
	*ret_sa = id.spi ? ux_sad_lookup_wildcard(req->u, &id, 0, NULL) : NULL;
	return *ret_sa ? 0 : -ESRCH;
}

int ux_pfkey_delete(struct ux_pfkey_request *req)
{
	const struct ux_label_gate gate = ux_pfkey_label_gate(req);
	struct ux_sa *sa;
	int err = find_sa(req, &sa);

	if (err == 0)
		err = ux_label_permit(&gate, ux_sa_label(sa));
	if (err == 0)
		ux_sa_delete(req->u, sa, &req->origin);
	return err;
}

int ux_pfkey_get(struct ux_pfkey_request *req)
{
	struct ux_sa *sa;
	int err = find_sa(req, &sa);

	return err < 0 ? err : reply_sa(req, sa);
}

/* The requester has a bare answer first; of what it deleted it hears like all others. */
int ux_pfkey_flush(struct ux_pfkey_request *req)
{
	uint8_t proto = ux_pfkey_satype_proto(req->msg->sadb_msg_satype);

	if (!proto)
		return -EINVAL;
	const struct ux_label_gate gate = ux_pfkey_label_gate(req);
	int err = ux_label_permit_flush_sa(req->u, &gate, proto);

	if (err < 0)
		return err;
	bool any = ux_sa_flush(req->u, proto);

	err = ux_pfkey_answer(req, 0);
	if (err == 0 && any)
		ux_event_sa_flushed(req->u, proto, &req->origin);
	return err;
}

/* A key manager gives up what it was asked for. Nothing is answered. */
int ux_pfkey_acquire(struct ux_pfkey_request *req)
{
	static const struct ux_mark none;
	struct ux_sa *sa;

	if (req->len != sizeof(*req->msg))
		return -EOPNOTSUPP;
	if (!req->msg->sadb_msg_seq || !req->msg->sadb_msg_errno)
		return 0;
	sa = ux_sad_lookup_larval_by_seq(req->u, none, req->msg->sadb_msg_seq, UINT32_MAX);
	if (sa)
		ux_sad_give_up(sa);
	return 0;
}
