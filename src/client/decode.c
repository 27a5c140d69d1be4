/* SPDX-License-Identifier: BSD-2-Clause */

#include "client/decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "client/convert.h"

/* The fixed header of @len bytes into @header (aligned, unlike the message's), then the attributes.
 */
static int read_parts(const struct nlmsghdr *msg, void *header, size_t len, struct ux_attrs *attrs)
{
	struct ux_ext_ack ext = {0};

	if (msg->nlmsg_len < NLMSG_HDRLEN + len || ux_attrs_parse(msg, len, attrs, &ext) < 0)
		return -EPROTO;
	if (len)
		memcpy(header, (const uint8_t *)msg + NLMSG_HDRLEN, len);
	return 0;
}

static int take_inner(const struct nlattr *a, void *info, size_t len)
{
	if (!a)
		return -EPROTO;
	ux_attr_copy(a, info, len);
	return 0;
}

static int decode_sa(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_usersa_info info;
	struct ux_attrs attrs;
	int err = read_parts(msg, &info, sizeof(info), &attrs);

	if (err)
		return err;
	ux_sa_from_wire(&info, &d->message.sa);
	ux_attributes_read(&attrs, &d->message.sa.attrs, d->templates);
	return 0;
}

static int decode_sa_deleted(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_usersa_id id;
	struct xfrm_usersa_info info;
	struct ux_attrs attrs;
	int err = read_parts(msg, &id, sizeof(id), &attrs);

	if (!err)
		err = take_inner(attrs.tb[XFRMA_SA], &info, sizeof(info));
	if (err)
		return err;
	ux_sa_from_wire(&info, &d->message.sa);
	ux_attributes_read(&attrs, &d->message.sa.attrs, d->templates);
	return 0;
}

static int decode_sa_expired(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_user_expire expire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &expire, sizeof(expire), &attrs);

	if (err)
		return err;
	d->message.hard = expire.hard;
	ux_sa_from_wire(&expire.state, &d->message.sa);
	ux_attributes_read(&attrs, &d->message.sa.attrs, d->templates);
	return 0;
}

static int decode_policy(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_userpolicy_info info;
	struct ux_attrs attrs;
	int err = read_parts(msg, &info, sizeof(info), &attrs);

	if (err)
		return err;
	ux_policy_from_wire(&info, &d->message.policy);
	ux_attributes_read(&attrs, &d->message.policy.attrs, d->templates);
	return 0;
}

static int decode_policy_deleted(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_userpolicy_id id;
	struct xfrm_userpolicy_info info;
	struct ux_attrs attrs;
	int err = read_parts(msg, &id, sizeof(id), &attrs);

	if (!err)
		err = take_inner(attrs.tb[XFRMA_POLICY], &info, sizeof(info));
	if (err)
		return err;
	ux_policy_from_wire(&info, &d->message.policy);
	ux_attributes_read(&attrs, &d->message.policy.attrs, d->templates);
	return 0;
}

static int decode_policy_expired(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_user_polexpire expire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &expire, sizeof(expire), &attrs);

	if (err)
		return err;
	d->message.hard = expire.hard;
	ux_policy_from_wire(&expire.pol, &d->message.policy);
	ux_attributes_read(&attrs, &d->message.policy.attrs, d->templates);
	return 0;
}

static int decode_acquire(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct uxfrm_acquire *a = &d->message.acquire;
	struct xfrm_user_acquire wire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &wire, sizeof(wire), &attrs);

	if (err)
		return err;
	a->id = (struct uxfrm_sa_id){
	    .family = wire.policy.sel.family, .proto = wire.id.proto, .spi = ntohl(wire.id.spi)};
	memcpy(&a->id.dst, &wire.id.daddr, sizeof(a->id.dst));
	memcpy(&a->id.src, &wire.saddr, sizeof(a->id.src));
	ux_selector_from_wire(&wire.sel, &a->sel);
	a->policy.attrs.has = 0;
	ux_policy_from_wire(&wire.policy, &a->policy);
	a->auth_mask = wire.aalgos;
	a->crypt_mask = wire.ealgos;
	a->comp_mask = wire.calgos;
	a->seq = wire.seq;
	ux_attributes_read(&attrs, &a->attrs, d->templates);
	return 0;
}

static int decode_aevent(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct uxfrm_aevent *e = &d->message.aevent;
	struct xfrm_aevent_id wire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &wire, sizeof(wire), &attrs);

	if (err)
		return err;
	ux_sa_id_from_wire(&wire.sa_id, &e->id);
	memcpy(&e->id.src, &wire.saddr, sizeof(e->id.src));
	e->flags = wire.flags;
	e->reqid = wire.reqid;
	ux_attributes_read(&attrs, &e->attrs, d->templates);
	return 0;
}

static int decode_report(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_user_report wire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &wire, sizeof(wire), &attrs);

	if (err)
		return err;
	d->message.report.proto = wire.proto;
	ux_selector_from_wire(&wire.sel, &d->message.report.sel);
	ux_attributes_read(&attrs, &d->message.report.attrs, d->templates);
	return 0;
}

static int decode_mapping(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct uxfrm_mapping *m = &d->message.mapping;
	struct xfrm_user_mapping wire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &wire, sizeof(wire), &attrs);

	if (err)
		return err;
	ux_sa_id_from_wire(&wire.id, &m->id);
	memcpy(&m->old_src, &wire.old_saddr, sizeof(m->old_src));
	m->id.src = m->old_src;
	memcpy(&m->new_src, &wire.new_saddr, sizeof(m->new_src));
	m->old_sport = ntohs(wire.old_sport);
	m->new_sport = ntohs(wire.new_sport);
	m->reqid = wire.reqid;
	return 0;
}

static int decode_sas_flushed(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_usersa_flush wire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &wire, sizeof(wire), &attrs);

	if (err)
		return err;
	d->message.flushed.proto = wire.proto;
	ux_attributes_read(&attrs, &d->message.flushed.attrs, d->templates);
	return 0;
}

static int decode_policies_flushed(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct ux_attrs attrs;
	int err = read_parts(msg, NULL, 0, &attrs);

	if (err)
		return err;
	d->message.flushed.proto = 0;
	ux_attributes_read(&attrs, &d->message.flushed.attrs, d->templates);
	return 0;
}

static int decode_defaults(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrm_userpolicy_default wire;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(wire))
		return -EPROTO;
	memcpy(&wire, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(wire));
	d->message.defaults =
	    (struct uxfrm_defaults){.in = wire.in, .fwd = wire.fwd, .out = wire.out};
	return 0;
}

static int decode_sa_moved(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct ux_xfrm_user_migrate_state wire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &wire, sizeof(wire), &attrs);

	if (err)
		return err;
	ux_sa_move_from_wire(&wire, &d->message.sa_move);
	ux_attributes_read(&attrs, &d->message.sa_move.attrs, d->templates);
	return 0;
}

/* An attribute behind @at, in bytes from the message's beginning, which moves on; NULL at the end.
 */
static const struct nlattr *next_attribute(const struct nlmsghdr *msg, size_t *at)
{
	const struct nlattr *a = (const void *)((const uint8_t *)msg + *at);

	if (msg->nlmsg_len < *at || msg->nlmsg_len - *at < sizeof(*a) || a->nla_len < sizeof(*a) ||
	    a->nla_len > msg->nlmsg_len - *at)
		return NULL;
	*at += NLA_ALIGN((size_t)a->nla_len);
	return a;
}

/* The event has an attribute for each entry; a request has one with all. Both are read. */
static size_t read_moves(const struct nlmsghdr *msg, size_t at, struct uxfrm_endpoint_move *moves)
{
	struct xfrm_user_migrate wire;
	const struct nlattr *a;
	size_t n = 0;

	while ((a = next_attribute(msg, &at)) != NULL) {
		const uint8_t *data = ux_attr_data(a);
		size_t left = ux_attr_len(a);

		if ((a->nla_type & NLA_TYPE_MASK) != XFRMA_MIGRATE)
			continue;
		for (; left >= sizeof(wire) && n < UX_MOVES_MAX; data += sizeof(wire)) {
			memcpy(&wire, data, sizeof(wire));
			ux_endpoint_from_wire(&wire, &moves[n++]);
			left -= sizeof(wire);
		}
	}
	return n;
}

static int decode_policy_moved(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct uxfrm_policy_move *m = &d->message.policy_move;
	struct xfrm_userpolicy_id wire;
	struct ux_attrs attrs;
	int err = read_parts(msg, &wire, sizeof(wire), &attrs);

	if (err)
		return err;
	m->size = sizeof(*m);
	ux_selector_from_wire(&wire.sel, &m->id.sel);
	m->id.index = wire.index;
	m->id.dir = wire.dir;
	ux_attributes_read(&attrs, &m->attrs, d->templates);
	m->moves = d->moves;
	m->move_count = read_moves(msg, NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(wire)), d->moves);
	return 0;
}

/* Copies what fits of the attribute numbered @type behind a header of one number. */
static bool take_info(const struct nlmsghdr *msg, uint16_t type, void *ret, size_t len)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(uint32_t));
	const struct nlattr *a;

	while ((a = next_attribute(msg, &at)) != NULL) {
		if ((a->nla_type & NLA_TYPE_MASK) != type || ux_attr_len(a) < len)
			continue;
		memcpy(ret, ux_attr_data(a), len);
		return true;
	}
	return false;
}

static int decode_sad_info(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct uxfrm_sad_info *s = &d->message.sad;
	struct xfrmu_sadhinfo hash = {0};

	if (!take_info(msg, XFRMA_SAD_CNT, &s->count, sizeof(s->count)))
		return -EPROTO;
	(void)take_info(msg, XFRMA_SAD_HINFO, &hash, sizeof(hash));
	s->buckets = hash.sadhcnt;
	s->buckets_max = hash.sadhmcnt;
	return 0;
}

static int decode_spd_info(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	struct xfrmu_spdinfo count;
	struct xfrmu_spdhinfo hash = {0};
	struct xfrmu_spdhthresh v4 = {0}, v6 = {0};

	if (!take_info(msg, XFRMA_SPD_INFO, &count, sizeof(count)))
		return -EPROTO;
	(void)take_info(msg, XFRMA_SPD_HINFO, &hash, sizeof(hash));
	(void)take_info(msg, XFRMA_SPD_IPV4_HTHRESH, &v4, sizeof(v4));
	(void)take_info(msg, XFRMA_SPD_IPV6_HTHRESH, &v6, sizeof(v6));
	d->message.spd = (struct uxfrm_spd_info){
	    .in = count.incnt,
	    .out = count.outcnt,
	    .fwd = count.fwdcnt,
	    .socket_in = count.inscnt,
	    .socket_out = count.outscnt,
	    .socket_fwd = count.fwdscnt,
	    .buckets = hash.spdhcnt,
	    .buckets_max = hash.spdhmcnt,
	    .threshold4 = {v4.lbits, v4.rbits},
	    .threshold6 = {v6.lbits, v6.rbits},
	};
	return 0;
}

int ux_decode(struct ux_decoder *d, const struct nlmsghdr *msg)
{
	static int (*const decoders[UX_XFRM_MSG_MAX + 1])(struct ux_decoder * d,
							  const struct nlmsghdr *msg) = {
	    [UXFRM_MSG_SA] = decode_sa,
	    [UXFRM_MSG_SA_UPDATED] = decode_sa,
	    [UXFRM_MSG_SA_DELETED] = decode_sa_deleted,
	    [UXFRM_MSG_SA_EXPIRED] = decode_sa_expired,
	    [UXFRM_MSG_POLICY] = decode_policy,
	    [UXFRM_MSG_POLICY_UPDATED] = decode_policy,
	    [UXFRM_MSG_POLICY_DELETED] = decode_policy_deleted,
	    [UXFRM_MSG_POLICY_EXPIRED] = decode_policy_expired,
	    [UXFRM_MSG_ACQUIRE] = decode_acquire,
	    [UXFRM_MSG_AEVENT] = decode_aevent,
	    [UXFRM_MSG_REPORT] = decode_report,
	    [UXFRM_MSG_MAPPING] = decode_mapping,
	    [UXFRM_MSG_SAS_FLUSHED] = decode_sas_flushed,
	    [UXFRM_MSG_POLICIES_FLUSHED] = decode_policies_flushed,
	    [UXFRM_MSG_DEFAULTS] = decode_defaults,
	    [UXFRM_MSG_SAD_INFO] = decode_sad_info,
	    [UXFRM_MSG_SPD_INFO] = decode_spd_info,
	    [UXFRM_MSG_SA_MOVED] = decode_sa_moved,
	    [UXFRM_MSG_POLICY_MOVED] = decode_policy_moved,
	};
	struct uxfrm_message *m = &d->message;

	m->type = msg->nlmsg_type;
	m->flags = msg->nlmsg_flags;
	m->length = msg->nlmsg_len;
	m->seq = msg->nlmsg_seq;
	m->port_id = msg->nlmsg_pid;
	m->hard = false;
	if (m->type > UX_XFRM_MSG_MAX || !decoders[m->type])
		return 0;
	return decoders[m->type](d, msg);
}
