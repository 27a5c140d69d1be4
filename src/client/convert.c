/* SPDX-License-Identifier: BSD-2-Clause */

#include "client/convert.h"

#include <arpa/inet.h>
#include <string.h>

_Static_assert(sizeof(union uxfrm_ip) == sizeof(xfrm_address_t), "16 bytes both");
#define SAME(OURS, WIRE) _Static_assert((int)(OURS) == (int)(WIRE), "the numbers of the protocol")
SAME(UXFRM_MODE_TUNNEL, XFRM_MODE_TUNNEL);
SAME(UXFRM_MODE_BEET, XFRM_MODE_BEET);
SAME(UXFRM_POLICY_FWD, XFRM_POLICY_FWD);
SAME(UXFRM_POLICY_SOCKET, XFRM_POLICY_MAX);
SAME(UXFRM_POLICY_SUB, XFRM_POLICY_TYPE_SUB);
SAME(UXFRM_BLOCK, XFRM_POLICY_BLOCK);
SAME(UXFRM_SA_ESN, XFRM_STATE_ESN);
SAME(UXFRM_MOVE_UPDATE_H2H_SELECTOR, UX_MIGRATE_UPDATE_H2H_SEL);
_Static_assert(UXFRM_NO_LIMIT == XFRM_INF, "the numbers of the protocol");

static void ip_to_wire(const union uxfrm_ip *ip, xfrm_address_t *ret)
{
	memcpy(ret, ip, sizeof(*ret));
}

static void ip_from_wire(const xfrm_address_t *wire, union uxfrm_ip *ret)
{
	memcpy(ret, wire, sizeof(*ret));
}

void ux_selector_to_wire(const struct uxfrm_selector *sel, struct xfrm_selector *ret_wire)
{
	*ret_wire = (struct xfrm_selector){
	    .family = sel->family,
	    .prefixlen_s = sel->src_bits,
	    .prefixlen_d = sel->dst_bits,
	    .sport = htons(sel->sport),
	    .sport_mask = htons(sel->sport_mask),
	    .dport = htons(sel->dport),
	    .dport_mask = htons(sel->dport_mask),
	    .ifindex = sel->ifindex,
	    .user = sel->uid,
	    .proto = sel->proto,
	};
	ip_to_wire(&sel->src, &ret_wire->saddr);
	ip_to_wire(&sel->dst, &ret_wire->daddr);
}

void ux_selector_from_wire(const struct xfrm_selector *wire, struct uxfrm_selector *ret_sel)
{
	*ret_sel = (struct uxfrm_selector){
	    .family = wire->family,
	    .src_bits = wire->prefixlen_s,
	    .dst_bits = wire->prefixlen_d,
	    .sport = ntohs(wire->sport),
	    .sport_mask = ntohs(wire->sport_mask),
	    .dport = ntohs(wire->dport),
	    .dport_mask = ntohs(wire->dport_mask),
	    .ifindex = wire->ifindex,
	    .uid = wire->user,
	    .proto = wire->proto,
	};
	ip_from_wire(&wire->saddr, &ret_sel->src);
	ip_from_wire(&wire->daddr, &ret_sel->dst);
}

void ux_limits_to_wire(const struct uxfrm_limits *limits, struct xfrm_lifetime_cfg *ret_wire)
{
	*ret_wire = (struct xfrm_lifetime_cfg){
	    .soft_byte_limit = limits->byte_soft,
	    .hard_byte_limit = limits->byte_hard,
	    .soft_packet_limit = limits->packet_soft,
	    .hard_packet_limit = limits->packet_hard,
	    .soft_add_expires_seconds = limits->time_soft,
	    .hard_add_expires_seconds = limits->time_hard,
	    .soft_use_expires_seconds = limits->time_use_soft,
	    .hard_use_expires_seconds = limits->time_use_hard,
	};
}

static void limits_from_wire(const struct xfrm_lifetime_cfg *wire, struct uxfrm_limits *ret)
{
	*ret = (struct uxfrm_limits){
	    .byte_soft = wire->soft_byte_limit,
	    .byte_hard = wire->hard_byte_limit,
	    .packet_soft = wire->soft_packet_limit,
	    .packet_hard = wire->hard_packet_limit,
	    .time_soft = wire->soft_add_expires_seconds,
	    .time_hard = wire->hard_add_expires_seconds,
	    .time_use_soft = wire->soft_use_expires_seconds,
	    .time_use_hard = wire->hard_use_expires_seconds,
	};
}

void ux_usage_to_wire(const struct uxfrm_usage *usage, struct xfrm_lifetime_cur *ret_wire)
{
	*ret_wire = (struct xfrm_lifetime_cur){.bytes = usage->bytes,
					       .packets = usage->packets,
					       .add_time = usage->add_time,
					       .use_time = usage->use_time};
}

void ux_usage_from_wire(const struct xfrm_lifetime_cur *wire, struct uxfrm_usage *ret_usage)
{
	*ret_usage = (struct uxfrm_usage){.bytes = wire->bytes,
					  .packets = wire->packets,
					  .add_time = wire->add_time,
					  .use_time = wire->use_time};
}

void ux_sa_id_to_wire(const struct uxfrm_sa_id *id, struct xfrm_usersa_id *ret_wire)
{
	*ret_wire = (struct xfrm_usersa_id){
	    .spi = htonl(id->spi), .family = id->family, .proto = id->proto};
	ip_to_wire(&id->dst, &ret_wire->daddr);
}

void ux_sa_id_from_wire(const struct xfrm_usersa_id *wire, struct uxfrm_sa_id *ret_id)
{
	*ret_id = (struct uxfrm_sa_id){
	    .spi = ntohl(wire->spi), .family = wire->family, .proto = wire->proto};
	ip_from_wire(&wire->daddr, &ret_id->dst);
}

void ux_sa_to_wire(const struct uxfrm_sa *sa, struct xfrm_usersa_info *ret_wire)
{
	*ret_wire = (struct xfrm_usersa_info){
	    .id = {.spi = htonl(sa->id.spi), .proto = sa->id.proto},
	    .family = sa->id.family,
	    .seq = sa->seq,
	    .reqid = sa->reqid,
	    .mode = sa->mode,
	    .replay_window = sa->replay_window,
	    .flags = sa->flags,
	};
	ip_to_wire(&sa->id.dst, &ret_wire->id.daddr);
	ip_to_wire(&sa->id.src, &ret_wire->saddr);
	ux_selector_to_wire(&sa->sel, &ret_wire->sel);
	ux_limits_to_wire(&sa->limits, &ret_wire->lft);
}

void ux_sa_from_wire(const struct xfrm_usersa_info *wire, struct uxfrm_sa *ret_sa)
{
	ret_sa->size = sizeof(*ret_sa);
	ret_sa->id = (struct uxfrm_sa_id){
	    .family = wire->family, .proto = wire->id.proto, .spi = ntohl(wire->id.spi)};
	ip_from_wire(&wire->id.daddr, &ret_sa->id.dst);
	ip_from_wire(&wire->saddr, &ret_sa->id.src);
	ux_selector_from_wire(&wire->sel, &ret_sa->sel);
	limits_from_wire(&wire->lft, &ret_sa->limits);
	ux_usage_from_wire(&wire->curlft, &ret_sa->usage);
	ret_sa->reqid = wire->reqid;
	ret_sa->seq = wire->seq;
	ret_sa->mode = wire->mode;
	ret_sa->flags = wire->flags;
	ret_sa->replay_window = wire->replay_window;
	ret_sa->stats_replay_window = wire->stats.replay_window;
	ret_sa->stats_replay = wire->stats.replay;
	ret_sa->stats_integrity_failed = wire->stats.integrity_failed;
}

void ux_policy_to_wire(const struct uxfrm_policy *policy, struct xfrm_userpolicy_info *ret_wire)
{
	*ret_wire = (struct xfrm_userpolicy_info){
	    .priority = policy->priority,
	    .index = policy->id.index,
	    .dir = policy->id.dir,
	    .action = policy->action,
	    .flags = policy->flags,
	    .share = policy->share,
	};
	ux_selector_to_wire(&policy->id.sel, &ret_wire->sel);
	ux_limits_to_wire(&policy->limits, &ret_wire->lft);
}

void ux_policy_from_wire(const struct xfrm_userpolicy_info *wire, struct uxfrm_policy *ret_policy)
{
	ret_policy->size = sizeof(*ret_policy);
	ux_selector_from_wire(&wire->sel, &ret_policy->id.sel);
	ret_policy->id.index = wire->index;
	ret_policy->id.dir = wire->dir;
	limits_from_wire(&wire->lft, &ret_policy->limits);
	ux_usage_from_wire(&wire->curlft, &ret_policy->usage);
	ret_policy->priority = wire->priority;
	ret_policy->action = wire->action;
	ret_policy->flags = wire->flags;
	ret_policy->share = wire->share;
}

void ux_policy_id_to_wire(const struct uxfrm_policy_id *id, struct xfrm_userpolicy_id *ret_wire)
{
	*ret_wire = (struct xfrm_userpolicy_id){.index = id->index, .dir = id->dir};
	ux_selector_to_wire(&id->sel, &ret_wire->sel);
}

void ux_sa_move_to_wire(const struct uxfrm_sa_move *move,
			struct ux_xfrm_user_migrate_state *ret_wire)
{
	*ret_wire = (struct ux_xfrm_user_migrate_state){
	    .old_mark = {move->old_mark.value, move->old_mark.mask},
	    .new_reqid = move->new_reqid,
	    .flags = move->flags,
	    .new_family = move->new_family,
	};
	ux_sa_id_to_wire(&move->id, &ret_wire->id);
	ip_to_wire(&move->new_dst, &ret_wire->new_daddr);
	ip_to_wire(&move->new_src, &ret_wire->new_saddr);
	ux_selector_to_wire(&move->new_sel, &ret_wire->new_sel);
}

void ux_sa_move_from_wire(const struct ux_xfrm_user_migrate_state *wire,
			  struct uxfrm_sa_move *ret_move)
{
	ret_move->size = sizeof(*ret_move);
	ux_sa_id_from_wire(&wire->id, &ret_move->id);
	ret_move->old_mark = (struct uxfrm_mark){wire->old_mark.v, wire->old_mark.m};
	ret_move->new_family = wire->new_family;
	ip_from_wire(&wire->new_daddr, &ret_move->new_dst);
	ip_from_wire(&wire->new_saddr, &ret_move->new_src);
	ux_selector_from_wire(&wire->new_sel, &ret_move->new_sel);
	ret_move->new_reqid = wire->new_reqid;
	ret_move->flags = wire->flags;
}

void ux_endpoint_to_wire(const struct uxfrm_endpoint_move *move, struct xfrm_user_migrate *ret_wire)
{
	*ret_wire = (struct xfrm_user_migrate){
	    .old_family = move->old_family,
	    .new_family = move->new_family,
	    .proto = move->proto,
	    .mode = move->mode,
	    .reqid = move->reqid,
	};
	ip_to_wire(&move->old_src, &ret_wire->old_saddr);
	ip_to_wire(&move->old_dst, &ret_wire->old_daddr);
	ip_to_wire(&move->new_src, &ret_wire->new_saddr);
	ip_to_wire(&move->new_dst, &ret_wire->new_daddr);
}

void ux_endpoint_from_wire(const struct xfrm_user_migrate *wire,
			   struct uxfrm_endpoint_move *ret_move)
{
	*ret_move = (struct uxfrm_endpoint_move){
	    .old_family = wire->old_family,
	    .new_family = wire->new_family,
	    .proto = wire->proto,
	    .mode = wire->mode,
	    .reqid = wire->reqid,
	};
	ip_from_wire(&wire->old_saddr, &ret_move->old_src);
	ip_from_wire(&wire->old_daddr, &ret_move->old_dst);
	ip_from_wire(&wire->new_saddr, &ret_move->new_src);
	ip_from_wire(&wire->new_daddr, &ret_move->new_dst);
}

void ux_template_to_wire(const struct uxfrm_template *t, struct xfrm_user_tmpl *ret_wire)
{
	*ret_wire = (struct xfrm_user_tmpl){
	    .id = {.spi = htonl(t->spi), .proto = t->proto},
	    .family = t->family,
	    .reqid = t->reqid,
	    .mode = t->mode,
	    .share = t->share,
	    .optional = t->optional,
	    .aalgos = t->auth_mask,
	    .ealgos = t->crypt_mask,
	    .calgos = t->comp_mask,
	};
	ip_to_wire(&t->dst, &ret_wire->id.daddr);
	ip_to_wire(&t->src, &ret_wire->saddr);
}

void ux_template_from_wire(const struct xfrm_user_tmpl *wire, struct uxfrm_template *ret_t)
{
	*ret_t = (struct uxfrm_template){
	    .family = wire->family,
	    .proto = wire->id.proto,
	    .mode = wire->mode,
	    .spi = ntohl(wire->id.spi),
	    .reqid = wire->reqid,
	    .share = wire->share,
	    .optional = wire->optional,
	    .auth_mask = wire->aalgos,
	    .crypt_mask = wire->ealgos,
	    .comp_mask = wire->calgos,
	};
	ip_from_wire(&wire->id.daddr, &ret_t->dst);
	ip_from_wire(&wire->saddr, &ret_t->src);
}
