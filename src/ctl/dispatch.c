/* SPDX-License-Identifier: BSD-2-Clause */
/* Netlink framing and what all requests have in common, in the order in which Linux looks at it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/api.h>

#include "ctl/client.h"

#define TYPE(number) [(number) - XFRM_MSG_BASE]

static const struct ux_request_type types[] = {
    TYPE(XFRM_MSG_NEWSA) = {sizeof(struct xfrm_usersa_info), ux_handle_newsa, NULL, 0,
			    ux_prefetch_newsa},
    TYPE(XFRM_MSG_DELSA) = {sizeof(struct xfrm_usersa_id), ux_handle_delsa, NULL, 0,
			    ux_prefetch_delsa},
    TYPE(XFRM_MSG_GETSA) = {sizeof(struct xfrm_usersa_id), ux_handle_getsa, &ux_dump_sa, 0,
			    ux_prefetch_getsa},
    TYPE(XFRM_MSG_NEWPOLICY) = {sizeof(struct xfrm_userpolicy_info), ux_handle_newpolicy, NULL, 0,
				ux_prefetch_newpolicy},
    TYPE(XFRM_MSG_DELPOLICY) = {sizeof(struct xfrm_userpolicy_id), ux_handle_getpolicy, NULL, 0,
				ux_prefetch_policy_id},
    TYPE(XFRM_MSG_GETPOLICY) = {sizeof(struct xfrm_userpolicy_id), ux_handle_getpolicy,
				&ux_dump_policy, 0, ux_prefetch_policy_id},
    TYPE(XFRM_MSG_ALLOCSPI) = {sizeof(struct xfrm_userspi_info), ux_handle_allocspi, NULL, 0},
    TYPE(XFRM_MSG_ACQUIRE) = {sizeof(struct xfrm_user_acquire), ux_handle_acquire, NULL, 0},
    TYPE(XFRM_MSG_EXPIRE) = {sizeof(struct xfrm_user_expire), ux_handle_expire, NULL, 0},
    TYPE(XFRM_MSG_UPDPOLICY) = {sizeof(struct xfrm_userpolicy_info), ux_handle_newpolicy, NULL, 0,
				ux_prefetch_newpolicy},
    TYPE(XFRM_MSG_UPDSA) = {sizeof(struct xfrm_usersa_info), ux_handle_newsa, NULL, 0,
			    ux_prefetch_newsa},
    TYPE(XFRM_MSG_POLEXPIRE) = {sizeof(struct xfrm_user_polexpire), ux_handle_polexpire, NULL, 0},
    TYPE(XFRM_MSG_FLUSHSA) = {sizeof(struct xfrm_usersa_flush), ux_handle_flushsa, NULL, 0},
    TYPE(XFRM_MSG_FLUSHPOLICY) = {0, ux_handle_flushpolicy, NULL, 0},
    TYPE(XFRM_MSG_NEWAE) = {sizeof(struct xfrm_aevent_id), ux_handle_newae, NULL, 0},
    TYPE(XFRM_MSG_GETAE) = {sizeof(struct xfrm_aevent_id), ux_handle_getae, NULL, 0},
    TYPE(XFRM_MSG_REPORT) = {sizeof(struct xfrm_user_report), NULL, NULL, 0},
    TYPE(XFRM_MSG_MIGRATE) = {sizeof(struct xfrm_userpolicy_id), ux_handle_migrate, NULL, 0,
			      ux_prefetch_migrate},
    TYPE(XFRM_MSG_NEWSADINFO) = {0, NULL, NULL, 0},
    TYPE(XFRM_MSG_GETSADINFO) = {sizeof(uint32_t), ux_handle_getsadinfo, NULL, 0},
    TYPE(XFRM_MSG_NEWSPDINFO) = {sizeof(uint32_t), ux_handle_newspdinfo, NULL, XFRMA_SPD_MAX},
    TYPE(XFRM_MSG_GETSPDINFO) = {sizeof(uint32_t), ux_handle_getspdinfo, NULL, 0},
    TYPE(XFRM_MSG_MAPPING) = {sizeof(struct xfrm_user_mapping), NULL, NULL, 0},
    TYPE(UX_XFRM_MSG_SETDEFAULT) = {sizeof(struct xfrm_userpolicy_default), ux_handle_setdefault,
				    NULL, 0},
    TYPE(UX_XFRM_MSG_GETDEFAULT) = {sizeof(struct xfrm_userpolicy_default), ux_handle_getdefault,
				    NULL, 0},
    TYPE(UX_XFRM_MSG_MIGRATE_STATE) = {sizeof(struct ux_xfrm_user_migrate_state),
				       ux_handle_migrate_state, NULL, 0, ux_prefetch_migrate_state},
};
_Static_assert(sizeof(types) / sizeof(types[0]) == UX_XFRM_MSG_MAX - XFRM_MSG_BASE + 1,
	       "a row for each type");

/* The only attributes of MIGRATE_STATE. */
static bool is_migrate_state_attr(uint16_t type)
{
	switch (type) {
	case XFRMA_MARK:
	case XFRMA_ENCAP:
	case XFRMA_OFFLOAD_DEV:
	case XFRMA_SET_MARK:
	case XFRMA_SET_MARK_MASK:
	case UX_XFRMA_MTIMER_THRESH:
	case UX_XFRMA_NAT_KEEPALIVE_INTERVAL:
		return true;
	default:
		return false;
	}
}

/* Most messages ignore attributes they have no use for; these few cases are refused. */
static int refuse_attrs(const struct ux_request *req)
{
	const struct nlattr *const *tb = req->attrs.tb;
	uint16_t type = req->msg->nlmsg_type;
	bool about_new_sa =
	    type == XFRM_MSG_NEWSA || type == XFRM_MSG_UPDSA || type == XFRM_MSG_ALLOCSPI;

	if (tb[UX_XFRMA_SA_DIR] && !about_new_sa)
		return ux_fail(req->ext, EINVAL, "Invalid attribute SA_DIR");
	if (tb[UX_XFRMA_SA_PCPU] && !about_new_sa && type != XFRM_MSG_ACQUIRE)
		return ux_fail(req->ext, EINVAL, "Invalid attribute SA_PCPU");
	if (type != UX_XFRM_MSG_MIGRATE_STATE)
		return 0;
	for (uint16_t i = 1; i <= UX_XFRMA_MAX; i++)
		if (tb[i] && !is_migrate_state_attr(i))
			return ux_fail_attr(req->ext, EINVAL, tb[i],
					    "Unsupported attribute in XFRM_MSG_MIGRATE_STATE");
	return 0;
}

/* ret_quiet: a dump was started, which answers for itself. */
static int handle_request(struct ux_request *req, bool *ret_quiet)
{
	uint16_t number = req->msg->nlmsg_type;
	int r;

	if (number > UX_XFRM_MSG_MAX)
		return -EINVAL;
	if (!req->client->privileged)
		return -EPERM;
	const struct ux_request_type *type = &types[number - XFRM_MSG_BASE];
	if (type->dump && (req->msg->nlmsg_flags & NLM_F_DUMP)) {
		r = ux_dump_start(req, type->dump);
		*ret_quiet = r == 0;
		return r;
	}
	req->header = (const uint8_t *)req->msg + NLMSG_HDRLEN;
	if (type->prefetch && req->ahead->stage == 0 &&
	    req->msg->nlmsg_len >= NLMSG_HDRLEN + (uint32_t)type->header_len)
		type->prefetch(req->u, req->header, req->ahead);
	if (type->attr_max) {
		r = ux_attrs_parse_max(req->msg, type->header_len, type->attr_max, &req->attrs,
				       req->ext);
	} else {
		r = ux_attrs_parse(req->msg, type->header_len, &req->attrs, req->ext);
		if (r == 0)
			r = refuse_attrs(req);
	}
	if (r < 0)
		return r;
	if (!type->handle)
		return -EINVAL;
	return type->handle(req);
}

static void put_ext_ack(struct ux_writer *w, const struct nlmsghdr *msg, int result,
			const struct ux_ext_ack *ext)
{
	if (ext->msg[0])
		ux_msg_attr(w, NLMSGERR_ATTR_MSG, ext->msg, strlen(ext->msg) + 1);
	if (result == 0)
		return;
	if (ext->bad_attr) {
		struct ux_attr_policy policy;

		ux_msg_attr_u32(w, NLMSGERR_ATTR_OFFS,
				(uint32_t)((const uint8_t *)ext->bad_attr - (const uint8_t *)msg));
		ux_attr_policy(ext->bad_attr, &policy);
		ux_attr_policy_write(w, &policy);
	}
	if (ext->miss_type)
		ux_msg_attr_u32(w, NLMSGERR_ATTR_MISS_TYPE, ext->miss_type);
}

static void acknowledge(struct uxfrm_client *c, const struct nlmsghdr *msg, int result,
			const struct ux_ext_ack *ext)
{
	bool capped = result == 0 || c->cap_ack;
	bool tlvs =
	    c->ext_ack && (ext->msg[0] || (result != 0 && (ext->bad_attr || ext->miss_type)));
	/* an error comes back with the whole request behind it */
	size_t echo = capped ? NLMSG_HDRLEN : msg->nlmsg_len;
	size_t cap = NLMSG_HDRLEN + sizeof(int32_t) + NLMSG_ALIGN(echo) + sizeof(*ext) + 64;
	struct ux_writer w;
	uint8_t small[512], *buf = cap <= sizeof(small) ? small : malloc(cap);

	if (!buf) {
		if (c->ops->overrun)
			c->ops->overrun(c->opaque);
		return;
	}
	ux_writer_init(&w, buf, cap);
	ux_msg_begin(&w, NLMSG_ERROR,
		     (uint16_t)((capped ? NLM_F_CAPPED : 0) | (tlvs ? NLM_F_ACK_TLVS : 0)),
		     c->port_id, msg->nlmsg_seq, NULL, sizeof(int32_t) + echo);
	memcpy(buf + NLMSG_HDRLEN, &result, sizeof(int32_t));
	memcpy(buf + NLMSG_HDRLEN + sizeof(int32_t), msg, echo);
	if (tlvs)
		put_ext_ack(&w, msg, result, ext);
	if (ux_msg_end(&w))
		(void)ux_client_send(c, buf, w.len);
	if (!capped)
		explicit_bzero(buf, cap); /* it may have echoed keys */
	if (buf != small)
		free(buf);
}

/* @msg: an aligned copy of one message. */
static void process(struct uxfrm_client *c, const struct nlmsghdr *msg, struct ux_ahead *ahead)
{
	struct ux_ext_ack ext = {{0}, NULL, 0};
	bool quiet = false;
	int r = 0;

	if ((msg->nlmsg_flags & NLM_F_REQUEST) && msg->nlmsg_type >= NLMSG_MIN_TYPE) {
		struct ux_request req = {
		    .u = c->u, .client = c, .msg = msg, .ahead = ahead, .ext = &ext};

		r = handle_request(&req, &quiet);
	}
	if (!quiet && (r < 0 || (msg->nlmsg_flags & NLM_F_ACK)))
		acknowledge(c, msg, r, &ext);
}

/* A message whose turn comes. */
struct waiting {
	const uint8_t *bytes;
	size_t len;
	const struct ux_request_type *type; /* NULL: nothing to prefetch */
	struct ux_ahead ahead;
};

static void process_copy(struct uxfrm_client *c, struct waiting *m)
{
	_Alignas(16) uint8_t small[2048];
	size_t len = m->len;
	uint8_t *copy = len <= sizeof(small) ? small : malloc(len);

	if (!copy) {
		if (c->ops->overrun)
			c->ops->overrun(c->opaque);
		return;
	}
	memcpy(copy, m->bytes, len);
	process(c, (const struct nlmsghdr *)(const void *)copy, &m->ahead);
	explicit_bzero(copy, len); /* keys */
	if (copy != small)
		free(copy);
}

/*
 * The messages of a datagram, with a look ahead. In a large database a request spends most of its
 * time waiting for memory, each access for the one before. Within one request there is nothing else
 * to do meanwhile; but there is the work of the requests before it. So when a message's turn comes
 * the next one has had all stages of its prefetch, the one behind it all but one, and so on.
 */
#define WINDOW (UX_AHEAD_STAGES + 1)

struct datagram {
	const uint8_t *rest; /* not read yet */
	size_t len;
	uint32_t first, n; /* window[first % WINDOW] is next, n are known */
	struct waiting window[WINDOW];
};

/* What the message may have prefetched: its type and its length are all that is looked at. */
static const struct ux_request_type *prefetched_type(const struct uxfrm_client *c,
						     const struct nlmsghdr *h)
{
	if (!c->privileged || h->nlmsg_type < XFRM_MSG_BASE || h->nlmsg_type > UX_XFRM_MSG_MAX)
		return NULL;
	const struct ux_request_type *type = &types[h->nlmsg_type - XFRM_MSG_BASE];
	if (!type->prefetch || h->nlmsg_len < NLMSG_HDRLEN + (uint32_t)type->header_len)
		return NULL;
	return type;
}

/* false: there is none any more, or nothing that could be one. */
static bool read_message(const struct uxfrm_client *c, struct datagram *d)
{
	struct waiting *m = &d->window[(d->first + d->n) % WINDOW];
	struct nlmsghdr h;

	if (d->len < NLMSG_HDRLEN)
		return false;
	memcpy(&h, d->rest, sizeof(h));
	if (h.nlmsg_len < NLMSG_HDRLEN || h.nlmsg_len > d->len)
		return false;
	m->bytes = d->rest;
	m->len = h.nlmsg_len;
	m->type = prefetched_type(c, &h);
	m->ahead.stage = 0;
	m->ahead.len = h.nlmsg_len - NLMSG_HDRLEN;
	d->n++;

	size_t step = NLMSG_ALIGN((size_t)h.nlmsg_len);

	if (step > d->len)
		step = d->len; /* the last message need not be padded */
	d->rest += step;
	d->len -= step;
	return true;
}

static void look_ahead(const struct uxfrm *u, struct datagram *d)
{
	for (uint32_t i = 1; i < d->n; i++) {
		struct waiting *m = &d->window[(d->first + i) % WINDOW];

		while (m->type && m->ahead.stage < WINDOW - i)
			m->type->prefetch(u, m->bytes + NLMSG_HDRLEN, &m->ahead);
	}
}

UXFRM_API void uxfrm_client_request(struct uxfrm_client *client, const void *datagram, size_t len)
{
	struct datagram d;

	d.rest = datagram;
	d.len = len;
	d.first = d.n = 0;
	for (;;) {
		while (d.n < WINDOW && read_message(client, &d))
			;
		if (!d.n)
			break;
		look_ahead(client->u, &d);
		process_copy(client, &d.window[d.first % WINDOW]);
		d.first++;
		d.n--;
	}
	(void)uxfrm_client_resume(client); /* the dump this has begun */
}
