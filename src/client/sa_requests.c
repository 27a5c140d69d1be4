/* SPDX-License-Identifier: BSD-2-Clause */

/* Requests about SAs. */

#include <errno.h>
#include <string.h>

#include <uxfrm/api.h>

#include "client/conn.h"
#include "client/convert.h"

UXFRM_API void uxfrm_sa_init(struct uxfrm_sa *sa)
{
	*sa = (struct uxfrm_sa){.size = sizeof(*sa),
				.limits = {.byte_soft = UXFRM_NO_LIMIT,
					   .byte_hard = UXFRM_NO_LIMIT,
					   .packet_soft = UXFRM_NO_LIMIT,
					   .packet_hard = UXFRM_NO_LIMIT}};
}

UXFRM_API void uxfrm_sa_move_init(struct uxfrm_sa_move *move)
{
	*move = (struct uxfrm_sa_move){.size = sizeof(*move)};
}

static int gather_sa(struct uxfrm_conn *conn, const struct uxfrm_sa *sa, uint16_t type)
{
	struct xfrm_usersa_info info;
	const struct ux_head head = {type, NLM_F_ACK, &info, sizeof(info)};

	if (sa->size != sizeof(*sa))
		return -EINVAL;
	ux_sa_to_wire(sa, &info);
	return ux_gather(conn, &head, &sa->attrs);
}

UXFRM_API int uxfrm_sa_add(struct uxfrm_conn *conn, const struct uxfrm_sa *sa)
{
	return gather_sa(conn, sa, XFRM_MSG_NEWSA);
}

UXFRM_API int uxfrm_sa_update(struct uxfrm_conn *conn, const struct uxfrm_sa *sa)
{
	return gather_sa(conn, sa, XFRM_MSG_UPDSA);
}

static int gather_id(struct uxfrm_conn *conn, const struct uxfrm_sa_id *id,
		     const struct uxfrm_attributes *attrs, uint16_t type, uint16_t flags)
{
	struct xfrm_usersa_id wire;
	const struct ux_head head = {type, flags, &wire, sizeof(wire)};

	ux_sa_id_to_wire(id, &wire);
	return ux_gather(conn, &head, attrs);
}

UXFRM_API int uxfrm_sa_get(struct uxfrm_conn *conn, const struct uxfrm_sa_id *id,
			   const struct uxfrm_attributes *attrs)
{
	return gather_id(conn, id, attrs, XFRM_MSG_GETSA, 0);
}

UXFRM_API int uxfrm_sa_delete(struct uxfrm_conn *conn, const struct uxfrm_sa_id *id,
			      const struct uxfrm_attributes *attrs)
{
	return gather_id(conn, id, attrs, XFRM_MSG_DELSA, NLM_F_ACK);
}

UXFRM_API int uxfrm_sa_flush(struct uxfrm_conn *conn, uint8_t proto)
{
	const struct xfrm_usersa_flush wire = {.proto = proto};
	const struct ux_head head = {XFRM_MSG_FLUSHSA, NLM_F_ACK, &wire, sizeof(wire)};

	return ux_gather(conn, &head, NULL);
}

UXFRM_API int uxfrm_sa_count(struct uxfrm_conn *conn)
{
	const uint32_t flags = UINT32_MAX;
	const struct ux_head head = {XFRM_MSG_GETSADINFO, 0, &flags, sizeof(flags)};

	return ux_gather(conn, &head, NULL);
}

static void write_filter(struct ux_writer *w, const struct uxfrm_sa_filter *f)
{
	struct xfrm_address_filter wire = {
	    .family = f->family, .splen = f->src_bits, .dplen = f->dst_bits};

	if (f->proto)
		ux_msg_attr_u8(w, XFRMA_PROTO, f->proto);
	memcpy(&wire.saddr, &f->src, sizeof(wire.saddr));
	memcpy(&wire.daddr, &f->dst, sizeof(wire.daddr));
	ux_msg_attr(w, XFRMA_ADDRESS_FILTER, &wire, sizeof(wire));
}

UXFRM_API int uxfrm_sa_dump(struct uxfrm_conn *conn, const struct uxfrm_sa_filter *filter)
{
	const struct ux_head head = {XFRM_MSG_GETSA, NLM_F_DUMP, NULL, 0};
	struct ux_writer w;

	if (filter && filter->size != sizeof(*filter))
		return -EINVAL;
	int err = ux_gather_begin(conn, &head, &w);

	if (err)
		return err;
	if (filter)
		write_filter(&w, filter);
	return ux_gather_end(conn, &w);
}

UXFRM_API int uxfrm_spi_alloc(struct uxfrm_conn *conn, const struct uxfrm_sa *sa, uint32_t min,
			      uint32_t max)
{
	struct xfrm_userspi_info info = {.min = min, .max = max};
	const struct ux_head head = {XFRM_MSG_ALLOCSPI, 0, &info, sizeof(info)};

	if (sa->size != sizeof(*sa))
		return -EINVAL;
	ux_sa_to_wire(sa, &info.info);
	return ux_gather(conn, &head, &sa->attrs);
}

UXFRM_API int uxfrm_sa_migrate(struct uxfrm_conn *conn, const struct uxfrm_sa_move *move)
{
	struct ux_xfrm_user_migrate_state wire;
	const struct ux_head head = {UX_XFRM_MSG_MIGRATE_STATE, NLM_F_ACK, &wire, sizeof(wire)};

	if (move->size != sizeof(*move))
		return -EINVAL;
	ux_sa_move_to_wire(move, &wire);
	return ux_gather(conn, &head, &move->attrs);
}

UXFRM_API int uxfrm_sa_expire(struct uxfrm_conn *conn, const struct uxfrm_sa *sa, bool hard)
{
	struct xfrm_user_expire wire = {.hard = hard};
	const struct ux_head head = {XFRM_MSG_EXPIRE, NLM_F_ACK, &wire, sizeof(wire)};

	if (sa->size != sizeof(*sa))
		return -EINVAL;
	ux_sa_to_wire(sa, &wire.state);
	return ux_gather(conn, &head, &sa->attrs);
}

static int gather_aevent(struct uxfrm_conn *conn, const struct uxfrm_aevent *event, uint16_t type,
			 uint16_t flags)
{
	struct xfrm_aevent_id wire = {.flags = event->flags, .reqid = event->reqid};
	const struct ux_head head = {type, flags, &wire, sizeof(wire)};

	ux_sa_id_to_wire(&event->id, &wire.sa_id);
	memcpy(&wire.saddr, &event->id.src, sizeof(wire.saddr));
	return ux_gather(conn, &head, &event->attrs);
}

UXFRM_API int uxfrm_aevent_get(struct uxfrm_conn *conn, const struct uxfrm_sa_id *id,
			       uint32_t flags, const struct uxfrm_attributes *attrs)
{
	struct uxfrm_aevent event = {.id = *id, .flags = flags};

	if (attrs)
		event.attrs = *attrs;
	return gather_aevent(conn, &event, XFRM_MSG_GETAE, 0);
}

UXFRM_API int uxfrm_aevent_set(struct uxfrm_conn *conn, const struct uxfrm_aevent *event)
{
	return gather_aevent(conn, event, XFRM_MSG_NEWAE, NLM_F_ACK | NLM_F_REPLACE);
}
