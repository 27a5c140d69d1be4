/* SPDX-License-Identifier: BSD-2-Clause */
/* NEWSA, UPDSA, DELSA, GETSA, FLUSHSA. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/sad_ahead.h"
#include "ctl/sa_parse.h"
#include "ctl/sa_reply.h"
#include "ctl/translate.h"

/* The protocol number that stands for all IPsec protocols; 0 stands for everything. */
#define PROTO_ANY 255

static bool is_ipsec_proto(uint8_t proto)
{
	return proto == IPPROTO_AH || proto == IPPROTO_ESP || proto == IPPROTO_COMP;
}

bool ux_sa_proto_wanted(uint8_t proto, uint8_t wanted)
{
	return wanted == 0 || wanted == proto || (wanted == PROTO_ANY && is_ipsec_proto(proto));
}

/*
 * An event of the group SA about @sa. It carries the request's own port id and sequence number.
 * False: nobody listens, or there is no memory for it.
 */
static bool build_event(const struct ux_request *req, const struct ux_sa *sa, struct ux_writer *w)
{
	struct nlmsghdr header = {.nlmsg_type = req->msg->nlmsg_type,
				  .nlmsg_pid = req->msg->nlmsg_pid,
				  .nlmsg_seq = req->msg->nlmsg_seq};

	return ux_has_listener(req->u, UX_XFRM_GROUP_SA) && ux_sa_message(&header, sa, w) == 0;
}

static void notify_sa(const struct ux_request *req, const struct ux_sa *sa)
{
	struct ux_writer w;

	if (!build_event(req, sa, &w))
		return;
	(void)ux_notify(req->u, UX_XFRM_GROUP_SA, &w);
	ux_sa_message_free(&w);
}

/* The larval SA that @sa fulfils: of the same acquire, else of the same endpoints and not yet
 * numbered. */
static struct ux_sa *find_larval(struct uxfrm *u, const struct ux_sa_params *p,
				 uint64_t address_hash)
{
	struct ux_sa *larval = NULL;

	if (p->acquire_seq)
		larval = ux_sad_lookup_larval_by_seq(u, p->mark, p->acquire_seq, p->pcpu);
	if (larval && (larval->id.proto != p->id.proto ||
		       !ux_addr_equal(&larval->id.daddr, &p->id.daddr, p->id.family)))
		larval = NULL;
	return larval ? larval : ux_sad_lookup_larval_at(u, address_hash, p);
}

static int add(struct ux_request *req, struct ux_sa *sa, const struct ux_sa_params *p)
{
	const struct ux_sad_places *at = &req->ahead->places;

	/* the SPI 0 is in no table of SPIs: no duplicates */
	if (sa->id.spi &&
	    ux_sad_lookup_wildcard_at(req->u, at->to_tuple, &sa->id, sa->mark.v, NULL)) {
		ux_sa_free(sa);
		return -EEXIST;
	}
	struct ux_sa *larval = find_larval(req->u, p, at->to_address);

	sa->tuple_hash = at->to_tuple;
	sa->address_hash = at->to_address;
	int r = ux_sad_insert(req->u, sa);
	if (r < 0) {
		ux_sa_free(sa);
		return r;
	}
	if (larval)
		ux_sad_remove(req->u, larval);
	notify_sa(req, sa);
	return 0;
}

static void update_terms(struct ux_sa_runtime *r, const struct ux_sa_runtime *wanted)
{
	struct ux_limits limits = ux_sa_limits(wanted);

	ux_sa_set_limits(r, &limits);
	if (wanted->terms.has_coaddr && r->terms.has_coaddr)
		r->terms.coaddr = wanted->terms.coaddr;
}

/* An SA in use takes over from @wanted only what Linux takes over: keys and replay state stay. */
static int update_valid(struct ux_request *req, struct ux_sa *old, const struct ux_sa *wanted)
{
	if (old->dir != wanted->dir)
		return -ESRCH;
	if (ux_sa_state_of(old) != UX_SA_VALID || old->encap.type != wanted->encap.type)
		return -EINVAL;
	struct ux_sa *fresh = ux_sa_clone(old);
	if (!fresh)
		return -ENOMEM;
	fresh->encap = wanted->encap;
	fresh->dying = false;
	if (wanted->output_mark.v || wanted->output_mark.m)
		fresh->output_mark = wanted->output_mark;
	if (wanted->if_id)
		fresh->if_id = wanted->if_id;
	int r = ux_sa_init(fresh, req->ext);
	if (r == 0)
		r = ux_sad_replace(req->u, old, fresh, false);
	if (r < 0) {
		ux_sa_free(fresh);
		return r;
	}
	update_terms(fresh->runtime, wanted->runtime);
	return 0;
}

static int update(struct ux_request *req, struct ux_sa *sa)
{
	struct ux_sa *old = sa->id.spi ? ux_sad_lookup_exact(req->u, &sa->id, sa->mark) : NULL;
	int r = -ESRCH;

	if (old && ux_sa_state_of(old) == UX_SA_LARVAL) {
		if (!sa->dir || sa->dir == old->dir)
			r = ux_sad_insert(req->u, sa);
		if (r < 0) {
			ux_sa_free(sa);
			return r;
		}
		ux_sad_remove(req->u, old);
		notify_sa(req, sa);
		return 0;
	}
	if (old)
		r = update_valid(req, old, sa);
	/* the event shows what was asked for, not what the SA has become */
	if (r == 0)
		notify_sa(req, sa);
	ux_sa_free(sa);
	return r;
}

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

int ux_handle_newsa(struct ux_request *req)
{
	struct ux_sa_request r;
	struct ux_sa *sa = NULL;
	int err = ux_sa_check(req);

	if (err == 0)
		err = ux_sa_parse(req, &r);
	if (err == 0)
		err = ux_sa_new(req->u, &r.params, &sa, req->ext);
	if (err < 0)
		return err;
	return req->msg->nlmsg_type == XFRM_MSG_NEWSA ? add(req, sa, &r.params) : update(req, sa);
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
	if (is_ipsec_proto(id.proto) || id.proto == PROTO_ANY) {
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
	struct ux_writer w;
	struct ux_sa *sa;
	int r = find_sa(req, &sa);

	if (r < 0)
		return r;
	bool event = build_event(req, sa, &w);
	ux_sad_remove(req->u, sa);
	if (event) {
		(void)ux_notify(req->u, UX_XFRM_GROUP_SA, &w);
		ux_sa_message_free(&w);
	}
	return 0;
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
	struct ux_sad_cursor cursor;
	struct ux_sa *sa;
	bool any = false;

	ux_sad_cursor_init(&cursor);
	while ((sa = ux_sad_cursor_next(&req->u->sad, &cursor))) {
		if (!ux_sa_proto_wanted(sa->id.proto, p->proto))
			continue;
		ux_sad_remove(req->u, sa);
		any = true;
	}
	ux_sad_cursor_fini(&cursor);
	if (!any)
		return 0; /* and no event */
	uint8_t buf[64];
	struct ux_writer w;
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_FLUSHSA, 0, req->msg->nlmsg_pid, req->msg->nlmsg_seq, p,
		     sizeof(*p));
	if (ux_msg_end(&w))
		(void)ux_notify(req->u, UX_XFRM_GROUP_SA, &w);
	return 0;
}
