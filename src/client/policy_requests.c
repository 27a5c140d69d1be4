/* SPDX-License-Identifier: BSD-2-Clause */

/* Requests about policies and what holds for all of them. */

#include <errno.h>
#include <string.h>

#include <uxfrm/api.h>

#include "client/conn.h"
#include "client/convert.h"

UXFRM_API void uxfrm_policy_init(struct uxfrm_policy *policy)
{
	*policy = (struct uxfrm_policy){.size = sizeof(*policy),
					.limits = {.byte_soft = UXFRM_NO_LIMIT,
						   .byte_hard = UXFRM_NO_LIMIT,
						   .packet_soft = UXFRM_NO_LIMIT,
						   .packet_hard = UXFRM_NO_LIMIT}};
}

UXFRM_API void uxfrm_policy_move_init(struct uxfrm_policy_move *move)
{
	*move = (struct uxfrm_policy_move){.size = sizeof(*move)};
}

static int gather_policy(struct uxfrm_conn *conn, const struct uxfrm_policy *policy, uint16_t type)
{
	struct xfrm_userpolicy_info info;
	const struct ux_head head = {type, NLM_F_ACK, &info, sizeof(info)};

	if (policy->size != sizeof(*policy))
		return -EINVAL;
	ux_policy_to_wire(policy, &info);
	return ux_gather(conn, &head, &policy->attrs);
}

UXFRM_API int uxfrm_policy_add(struct uxfrm_conn *conn, const struct uxfrm_policy *policy)
{
	return gather_policy(conn, policy, XFRM_MSG_NEWPOLICY);
}

UXFRM_API int uxfrm_policy_update(struct uxfrm_conn *conn, const struct uxfrm_policy *policy)
{
	return gather_policy(conn, policy, XFRM_MSG_UPDPOLICY);
}

static int gather_id(struct uxfrm_conn *conn, const struct uxfrm_policy_id *id,
		     const struct uxfrm_attributes *attrs, uint16_t type, uint16_t flags)
{
	struct xfrm_userpolicy_id wire;
	const struct ux_head head = {type, flags, &wire, sizeof(wire)};

	ux_policy_id_to_wire(id, &wire);
	return ux_gather(conn, &head, attrs);
}

UXFRM_API int uxfrm_policy_get(struct uxfrm_conn *conn, const struct uxfrm_policy_id *id,
			       const struct uxfrm_attributes *attrs)
{
	return gather_id(conn, id, attrs, XFRM_MSG_GETPOLICY, 0);
}

UXFRM_API int uxfrm_policy_delete(struct uxfrm_conn *conn, const struct uxfrm_policy_id *id,
				  const struct uxfrm_attributes *attrs)
{
	return gather_id(conn, id, attrs, XFRM_MSG_DELPOLICY, NLM_F_ACK);
}

UXFRM_API int uxfrm_policy_flush(struct uxfrm_conn *conn, int ptype)
{
	const struct ux_head head = {XFRM_MSG_FLUSHPOLICY, NLM_F_ACK, NULL, 0};
	struct uxfrm_attributes attrs = {.ptype = (uint8_t)ptype};

	if (ptype >= 0)
		uxfrm_give(&attrs, UXFRM_HAS_PTYPE);
	return ux_gather(conn, &head, &attrs);
}

UXFRM_API int uxfrm_policy_dump(struct uxfrm_conn *conn)
{
	const struct ux_head head = {XFRM_MSG_GETPOLICY, NLM_F_DUMP, NULL, 0};

	return ux_gather(conn, &head, NULL);
}

UXFRM_API int uxfrm_policy_count(struct uxfrm_conn *conn)
{
	const uint32_t flags = UINT32_MAX;
	const struct ux_head head = {XFRM_MSG_GETSPDINFO, 0, &flags, sizeof(flags)};

	return ux_gather(conn, &head, NULL);
}

UXFRM_API int uxfrm_policy_expire(struct uxfrm_conn *conn, const struct uxfrm_policy *policy,
				  bool hard)
{
	struct xfrm_user_polexpire wire = {.hard = hard};
	const struct ux_head head = {XFRM_MSG_POLEXPIRE, NLM_F_ACK, &wire, sizeof(wire)};

	if (policy->size != sizeof(*policy))
		return -EINVAL;
	ux_policy_to_wire(policy, &wire.pol);
	return ux_gather(conn, &head, &policy->attrs);
}

UXFRM_API int uxfrm_policy_migrate(struct uxfrm_conn *conn, const struct uxfrm_policy_move *move)
{
	struct xfrm_userpolicy_id wire;
	const struct ux_head head = {XFRM_MSG_MIGRATE, NLM_F_ACK, &wire, sizeof(wire)};
	struct xfrm_user_migrate entry;
	struct ux_writer w;

	if (move->size != sizeof(*move))
		return -EINVAL;
	ux_policy_id_to_wire(&move->id, &wire);
	int err = ux_gather_begin(conn, &head, &w);

	if (err)
		return err;
	uint8_t *to = ux_msg_attr_reserve(&w, XFRMA_MIGRATE, move->move_count * sizeof(entry));

	for (size_t i = 0; to && i < move->move_count; i++) {
		ux_endpoint_to_wire(&move->moves[i], &entry);
		memcpy(to + i * sizeof(entry), &entry, sizeof(entry));
	}
	ux_attributes_write(&w, &move->attrs);
	return ux_gather_end(conn, &w);
}

UXFRM_API int uxfrm_thresholds_set(struct uxfrm_conn *conn, const struct uxfrm_threshold *v4,
				   const struct uxfrm_threshold *v6)
{
	const uint32_t flags = UINT32_MAX;
	const struct ux_head head = {XFRM_MSG_NEWSPDINFO, NLM_F_ACK, &flags, sizeof(flags)};
	struct ux_writer w;
	int err = ux_gather_begin(conn, &head, &w);

	if (err)
		return err;
	if (v4)
		ux_msg_attr(&w, XFRMA_SPD_IPV4_HTHRESH, v4, sizeof(*v4));
	if (v6)
		ux_msg_attr(&w, XFRMA_SPD_IPV6_HTHRESH, v6, sizeof(*v6));
	return ux_gather_end(conn, &w);
}
_Static_assert(sizeof(struct uxfrm_threshold) == sizeof(struct xfrmu_spdhthresh) &&
		   offsetof(struct uxfrm_threshold, remote) ==
		       offsetof(struct xfrmu_spdhthresh, rbits),
	       "a threshold is the same here and there");

static int gather_defaults(struct uxfrm_conn *conn, const struct uxfrm_defaults *defaults,
			   uint16_t type, uint16_t flags)
{
	const struct xfrm_userpolicy_default wire = {
	    .in = defaults->in, .fwd = defaults->fwd, .out = defaults->out};
	const struct ux_head head = {type, flags, &wire, sizeof(wire)};

	return ux_gather(conn, &head, NULL);
}

UXFRM_API int uxfrm_defaults_set(struct uxfrm_conn *conn, const struct uxfrm_defaults *defaults)
{
	return gather_defaults(conn, defaults, UX_XFRM_MSG_SETDEFAULT, NLM_F_ACK);
}

UXFRM_API int uxfrm_defaults_get(struct uxfrm_conn *conn)
{
	const struct uxfrm_defaults none = {0};

	return gather_defaults(conn, &none, UX_XFRM_MSG_GETDEFAULT, 0);
}
