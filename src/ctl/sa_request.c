/* SPDX-License-Identifier: BSD-2-Clause */
/* NEWSA, UPDSA, DELSA, GETSA, FLUSHSA. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/sad_ahead.h"
#include "ctl/event.h"
#include "ctl/label.h"
#include "ctl/sa_change.h"
#include "ctl/sa_parse.h"
#include "ctl/sa_reply.h"
#include "ctl/translate.h"

void ux_prefetch_newsa(const struct uxfrm *u, const void *header, struct ux_ahead *ahead)
{
	struct xfrm_usersa_info p;
	struct ux_sa_id id;

	if (ahead->stage++)
		return;
	memcpy(&p, header, sizeof(p));
	id = (struct ux_sa_id){ux_addr_from_wire(&p.id.daddr), p.id.spi, p.family, p.id.proto};
	ahead->places = ux_sad_ahead_of_new(u, &id, p.reqid);
}

/* The label comes last, as in Linux. */
static int set_label(const struct ux_request *req, struct ux_sa *sa)
{
	const struct ux_label *label;
	int err = ux_label_from_attr(req, &label);

	return err < 0 ? err : ux_sa_set_label(sa, label);
}

int ux_handle_newsa(struct ux_request *req)
{
	struct ux_sa_request r;
	struct ux_sa *sa = NULL;
	int err = ux_sa_check(req);

	if (err == 0)
		err = ux_sa_parse(req, &r);
	if (err == 0)
		err = ux_sa_new(req->u, &r.params, &sa, req->ext);
	if (err == 0)
		err = set_label(req, sa);
	if (err < 0) {
		ux_sa_free(sa);
		return err;
	}
	const struct ux_event_origin origin = ux_event_origin(req);
	return req->msg->nlmsg_type == XFRM_MSG_NEWSA
		   ? ux_sa_add(req->u, sa, &r.params, &req->ahead->places, &origin)
		   : ux_sa_update(req->u, sa, &r.params, &origin, req->ext);
}

static void prefetch_sa(const struct uxfrm *u, const void *header, struct ux_ahead *ahead,
			bool removed)
{
	struct xfrm_usersa_id p;
	struct ux_sa_id id;

	switch (ahead->stage++) {
	case 0:
		memcpy(&p, header, sizeof(p));
		id = ux_sa_id_from_wire(&p);
		ahead->places = ux_sad_ahead_of(u, &id);
		break;
	case 1:
		ux_sad_ahead_sa(u, &ahead->places);
		break;
	case 2:
		ux_sad_ahead_parts(u, &ahead->places, removed);
		break;
	default:
		ux_sad_ahead_keys(u, &ahead->places, removed);
		break;
	}
}

void ux_prefetch_delsa(const struct uxfrm *u, const void *header, struct ux_ahead *ahead)
{
	prefetch_sa(u, header, ahead, true);
}

void ux_prefetch_getsa(const struct uxfrm *u, const void *header, struct ux_ahead *ahead)
{
	prefetch_sa(u, header, ahead, false);
}

static int find_sa(const struct ux_request *req, struct ux_sa **ret_sa)
{
	const struct xfrm_usersa_id *p = req->header;
	const struct nlattr *source = req->attrs.tb[XFRMA_SRCADDR];
	struct ux_mark mark = ux_mark_from_attr(req->attrs.tb[XFRMA_MARK]);
	struct ux_sa_id id = ux_sa_id_from_wire(p);
	struct ux_sa *sa = NULL;

	/* Linux takes "any IPsec protocol" for one with SPIs; no SA has it */
	if (ux_sa_proto_wanted(id.proto, UX_SA_PROTO_IPSEC)) {
		if (id.spi)
			sa = ux_sad_lookup_exact_at(req->u, req->ahead->places.from_tuple, &id,
						    mark);
	} else {
		struct ux_addr saddr;

		if (!source)
			return -EINVAL;
		ux_attr_copy(source, &saddr, sizeof(saddr));
		sa = ux_sad_lookup_by_address(req->u, &id.daddr, &saddr, id.proto, id.family, mark);
	}
	if (!sa)
		return -ESRCH;
	*ret_sa = sa;
	return 0;
}

int ux_handle_delsa(struct ux_request *req)
{
	const struct ux_event_origin origin = ux_event_origin(req);
	const struct ux_label_gate gate = ux_label_gate_of(req->client);
	struct ux_sa *sa;
	int r = find_sa(req, &sa);

	if (r == 0 && ux_sa_is_companion(sa))
		return ux_fail(req->ext, EPERM, "SA is in use by tunnels");
	if (r == 0)
		r = ux_label_permit(&gate, ux_sa_label(sa));
	if (r == 0)
		ux_sa_delete(req->u, sa, &origin);
	return r;
}

int ux_handle_getsa(struct ux_request *req)
{
	struct ux_sa *sa;
	int r = find_sa(req, &sa);

	return r < 0 ? r : ux_sa_reply(req, sa);
}

int ux_handle_flushsa(struct ux_request *req)
{
	const struct xfrm_usersa_flush *p = req->header;
	const struct ux_event_origin origin = ux_event_origin(req);
	const struct ux_label_gate gate = ux_label_gate_of(req->client);
	int err = ux_label_permit_flush_sa(req->u, &gate, p->proto);

	if (err < 0)
		return err;
	if (ux_sa_flush(req->u, p->proto)) /* else no event */
		ux_event_sa_flushed(req->u, p->proto, &origin);
	return 0;
}
