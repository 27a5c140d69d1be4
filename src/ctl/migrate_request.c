/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * MIGRATE_STATE: what can be checked without the SA, the look-up, and the event. Which attributes
 * may come is dispatch's; the rest of the checks and the move itself are core's (core/migrate.h).
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/migrate.h"
#include "core/sad_ahead.h"
#include "ctl/label.h"
#include "ctl/request.h"
#include "ctl/translate.h"

/* Bytes of the longest event: header, fixed part and each of its attributes once. */
#define EVENT_MAX 320

static int check_selector(const struct xfrm_selector *sel, struct ux_ext_ack *ext)
{
	if (sel->family != AF_UNSPEC && sel->family != AF_INET && sel->family != AF_INET6)
		return ux_fail(ext, EINVAL, "Invalid address family in selector");
	return ux_check_prefixes(sel->family, sel, ext);
}

static int check_header(const struct ux_xfrm_user_migrate_state *m, struct ux_ext_ack *ext)
{
	uint32_t unknown = m->flags & ~UX_MIGRATE_KNOWN_FLAGS;

	if (m->id.spi == 0)
		return ux_fail(ext, EINVAL, "Invalid SPI 0x0");
	if (m->reserved != 0)
		return ux_fail(ext, EINVAL, "Reserved field must be zero");
	if (unknown)
		return ux_fail_fmt(ext, EINVAL, NULL, "Unknown flags: 0x%x", unknown);
	if (m->new_family != AF_INET && m->new_family != AF_INET6)
		return ux_fail(ext, EINVAL, "Invalid address family");
	if (m->flags & UX_MIGRATE_UPDATE_H2H_SEL)
		return 0; /* nothing of new_sel is used */
	return check_selector(&m->new_sel, ext);
}

/* A mask alone says nothing; a value alone means all of its bits. */
static void parse_output_mark(const struct ux_request *req, struct ux_migration *to)
{
	const struct nlattr *value = req->attrs.tb[XFRMA_SET_MARK];
	const struct nlattr *mask = req->attrs.tb[XFRMA_SET_MARK_MASK];

	if (!value)
		return;
	to->has_output_mark = true;
	to->output_mark.v = ux_attr_u32(value);
	to->output_mark.m = mask ? ux_attr_u32(mask) : UINT32_MAX;
}

static void parse_attrs(const struct ux_request *req, struct ux_migration *to)
{
	const struct nlattr *const *tb = req->attrs.tb;

	if (tb[XFRMA_MARK]) {
		to->has_mark = true;
		to->mark = ux_mark_from_attr(tb[XFRMA_MARK]);
	}
	if (tb[XFRMA_ENCAP]) {
		struct xfrm_encap_tmpl encap;

		memcpy(&encap, ux_attr_data(tb[XFRMA_ENCAP]), sizeof(encap));
		to->has_encap = true;
		to->encap = ux_encap_from_wire(&encap);
	}
	if (tb[XFRMA_OFFLOAD_DEV]) {
		struct xfrm_user_offload offload;

		memcpy(&offload, ux_attr_data(tb[XFRMA_OFFLOAD_DEV]), sizeof(offload));
		to->has_offload = true;
		to->offload.ifindex = offload.ifindex;
		to->offload.flags = offload.flags;
	}
	if (tb[UX_XFRMA_MTIMER_THRESH]) {
		to->has_mapping_maxage = true;
		to->mapping_maxage_s = ux_attr_u32(tb[UX_XFRMA_MTIMER_THRESH]);
	}
	if (tb[UX_XFRMA_NAT_KEEPALIVE_INTERVAL]) {
		to->has_nat_keepalive = true;
		to->nat_keepalive_interval_s = ux_attr_u32(tb[UX_XFRMA_NAT_KEEPALIVE_INTERVAL]);
	}
	parse_output_mark(req, to);
}

static struct ux_migration parse_migration(const struct ux_request *req,
					   const struct ux_xfrm_user_migrate_state *m)
{
	struct ux_migration migration = {
	    .daddr = ux_addr_from_wire(&m->new_daddr),
	    .saddr = ux_addr_from_wire(&m->new_saddr),
	    .family = m->new_family,
	    .reqid = m->new_reqid,
	    .update_h2h_selector = m->flags & UX_MIGRATE_UPDATE_H2H_SEL,
	    .clear_offload = m->flags & UX_MIGRATE_CLEAR_OFFLOAD,
	    .sel = ux_selector_from_wire(&m->new_sel),
	    .places = &req->ahead->places,
	};

	parse_attrs(req, &migration);
	return migration;
}

/* What the request gave goes out as it came in, even an encapsulation of type 0 that removes; what
 * was inherited is shown as the SA now has it. */
static void put_encap(struct ux_writer *w, const struct ux_request *req, const struct ux_sa *sa)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_ENCAP];

	if (attr) {
		ux_msg_attr(w, XFRMA_ENCAP, ux_attr_data(attr), sizeof(struct xfrm_encap_tmpl));
	} else if (sa->encap.type != UX_ENCAP_NONE) {
		struct xfrm_encap_tmpl encap = ux_encap_to_wire(&sa->encap);

		ux_msg_attr(w, XFRMA_ENCAP, &encap, sizeof(encap));
	}
}

static void put_offload(struct ux_writer *w, const struct ux_request *req, const struct ux_sa *sa)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_OFFLOAD_DEV];

	if (attr) {
		ux_msg_attr(w, XFRMA_OFFLOAD_DEV, ux_attr_data(attr),
			    sizeof(struct xfrm_user_offload));
	} else if (sa->offload.requested) {
		struct xfrm_user_offload offload;

		memset(&offload, 0, sizeof(offload));
		offload.ifindex = sa->offload.ifindex;
		offload.flags = sa->offload.flags;
		ux_msg_attr(w, XFRMA_OFFLOAD_DEV, &offload, sizeof(offload));
	}
}

static void put_event_attrs(struct ux_writer *w, const struct ux_request *req,
			    const struct ux_sa *sa)
{
	const struct nlattr *mark = req->attrs.tb[XFRMA_MARK];

	put_encap(w, req, sa);
	put_offload(w, req, sa);
	if (mark) /* an inherited one is the request's old_mark */
		ux_msg_attr(w, XFRMA_MARK, ux_attr_data(mark), sizeof(struct xfrm_mark));
	if (sa->output_mark.v | sa->output_mark.m) {
		ux_msg_attr_u32(w, XFRMA_SET_MARK, sa->output_mark.v);
		ux_msg_attr_u32(w, XFRMA_SET_MARK_MASK, sa->output_mark.m);
	}
	if (sa->mapping_maxage_s)
		ux_msg_attr_u32(w, UX_XFRMA_MTIMER_THRESH, sa->mapping_maxage_s);
	if (sa->nat_keepalive_interval_s)
		ux_msg_attr_u32(w, UX_XFRMA_NAT_KEEPALIVE_INTERVAL, sa->nat_keepalive_interval_s);
	if (sa->dir != UX_SA_DIR_NONE)
		ux_msg_attr_u8(w, UX_XFRMA_SA_DIR, sa->dir);
}

/*
 * The event shows the selector that was installed, which the request need not have named. That
 * somebody missed it does not undo the move, so the acknowledgement only remarks on it.
 */
static void notify(struct ux_request *req, const struct ux_xfrm_user_migrate_state *m,
		   const struct ux_sa *sa)
{
	struct ux_xfrm_user_migrate_state header = *m;
	uint8_t buf[EVENT_MAX];
	struct ux_writer w;
	int err = -EMSGSIZE;

	/* not worth a warning; Linux gives it there too */
	if (!ux_has_listener(req->u, UX_XFRM_GROUP_MIGRATE))
		return;
	header.new_sel = ux_selector_to_wire(&sa->sel);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, 0, req->msg->nlmsg_pid, req->msg->nlmsg_seq,
		     &header, sizeof(header));
	put_event_attrs(&w, req, sa);
	if (ux_msg_end(&w))
		err = ux_notify(req->u, UX_XFRM_GROUP_MIGRATE, &w);
	if (err)
		(void)ux_fail(req->ext, 0, "Failed to send migration notification");
}

static struct ux_sad_places find_places(const struct uxfrm *u, const void *header)
{
	struct ux_xfrm_user_migrate_state m;
	struct ux_sa_id from, to;

	memcpy(&m, header, sizeof(m));
	from = to = ux_sa_id_from_wire(&m.id);
	to.daddr = ux_addr_from_wire(&m.new_daddr);
	to.family = m.new_family;
	return ux_sad_ahead_of_move(u, &from, &to, m.new_reqid);
}

void ux_prefetch_migrate_state(const struct uxfrm *u, const void *header, struct ux_ahead *ahead)
{
	switch (ahead->stage++) {
	case 0:
		ahead->places = find_places(u, header);
		break;
	case 1:
		ux_sad_ahead_moving(u, &ahead->places);
		break;
	case 2:
		ux_sad_ahead_neighbours(u, &ahead->places);
		break;
	default:
		ux_sad_ahead_former(u, &ahead->places);
		break;
	}
}

int ux_handle_migrate_state(struct ux_request *req)
{
	struct ux_xfrm_user_migrate_state m;
	const struct ux_label_gate gate = ux_label_gate_of(req->client);
	struct ux_migration migration;
	struct ux_sa *sa, *moved;
	struct ux_sa_id id;
	int err;

	memcpy(&m, req->header, sizeof(m));
	err = check_header(&m, req->ext);
	if (err)
		return err;
	if (req->ahead->stage == 1) /* the first of a datagram */
		ux_prefetch_migrate_state(req->u, req->header, req->ahead);
	id = ux_sa_id_from_wire(&m.id);
	migration = parse_migration(req, &m);
	migration.gate = &gate;
	sa = ux_sad_lookup_exact_at(req->u, req->ahead->places.from_tuple, &id,
				    (struct ux_mark){.v = m.old_mark.v, .m = m.old_mark.m});
	if (!sa)
		return ux_fail(req->ext, ESRCH, "Can not find state");
	/* it follows the SAs it belongs to, and no other way */
	if (ux_sa_is_companion(sa))
		return ux_fail(req->ext, EPERM, "SA is in use by tunnels");
	err = ux_migrate(req->u, sa, &migration, &moved, req->ext);
	if (err)
		return err;
	notify(req, &m, moved);
	return 0;
}
