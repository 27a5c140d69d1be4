/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/pfkey/sa_message.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "ctl/label.h"
#include "ctl/pfkey/algorithms.h"
#include "ctl/pfkey/notify.h"
#include "ctl/pfkey/request.h"

/* Everything but the keys is below this. */
#define FIXED_MAX 512

static uint64_t load64(const _Atomic(uint64_t) *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

/* A byte or packet limit; PF_KEY says 0 for none. */
static uint64_t limit_out(uint64_t limit)
{
	return limit == UX_LIMIT_INFINITE ? 0 : limit;
}

void ux_pfkey_put_hard_limits(struct ux_pfkey_writer *w, const struct ux_limits *l)
{
	const struct sadb_lifetime hard = {
	    .sadb_lifetime_allocations = (uint32_t)limit_out(l->hard_packets),
	    .sadb_lifetime_bytes = limit_out(l->hard_bytes),
	    .sadb_lifetime_addtime = l->hard_add_s,
	    .sadb_lifetime_usetime = l->hard_use_s,
	};

	ux_pfkey_ext(w, SADB_EXT_LIFETIME_HARD, &hard, sizeof(hard));
}

void ux_pfkey_put_soft_limits(struct ux_pfkey_writer *w, const struct ux_limits *l)
{
	const struct sadb_lifetime soft = {
	    .sadb_lifetime_allocations = (uint32_t)limit_out(l->soft_packets),
	    .sadb_lifetime_bytes = limit_out(l->soft_bytes),
	    .sadb_lifetime_addtime = l->soft_add_s,
	    .sadb_lifetime_usetime = l->soft_use_s,
	};

	ux_pfkey_ext(w, SADB_EXT_LIFETIME_SOFT, &soft, sizeof(soft));
}

static uint8_t state_number(const struct ux_sa *sa, enum ux_sa_state state)
{
	switch (state) {
	case UX_SA_LARVAL:
		return SADB_SASTATE_LARVAL;
	case UX_SA_VALID:
		return atomic_load_explicit(&sa->dying, memory_order_relaxed) ? SADB_SASTATE_DYING
									      : SADB_SASTATE_MATURE;
	default:
		return SADB_SASTATE_DEAD;
	}
}

static uint8_t algorithm_number(const struct ux_algo_key *key, enum ux_algo_class class)
{
	return key ? ux_pfkey_algorithm_number(class, key->name) : 0;
}

static void put_sa(struct ux_pfkey_writer *w, const struct ux_sa *sa, enum ux_sa_state state)
{
	const struct ux_sa_keys *keys = sa->runtime->keys;
	const struct ux_algo_key *comp = ux_sa_key(keys, UX_KEY_COMP);
	struct sadb_sa p = {
	    .sadb_sa_spi = sa->id.spi,
	    .sadb_sa_replay = sa->runtime->terms.replay_window,
	    .sadb_sa_state = state_number(sa, state),
	    .sadb_sa_auth = algorithm_number(ux_sa_key(keys, UX_KEY_AUTH), UX_ALGO_AUTH),
	    .sadb_sa_encrypt =
		comp ? algorithm_number(comp, UX_ALGO_COMP)
		     : algorithm_number(ux_sa_key(keys, UX_KEY_CRYPT), UX_ALGO_CIPHER),
	};

	if (sa->flags & UX_SA_NOECN)
		p.sadb_sa_flags |= SADB_SAFLAGS_NOECN;
	if (sa->flags & UX_SA_DECAP_DSCP)
		p.sadb_sa_flags |= SADB_SAFLAGS_DECAP_DSCP;
	if (sa->flags & UX_SA_NOPMTUDISC)
		p.sadb_sa_flags |= SADB_SAFLAGS_NOPMTUDISC;
	ux_pfkey_ext(w, SADB_EXT_SA, &p, sizeof(p));
}

static void put_lifetimes(struct ux_pfkey_writer *w, const struct ux_sa *sa,
			  const struct ux_pfkey_sa_view *view)
{
	const struct ux_sa_runtime *r = sa->runtime;
	const struct ux_limits *limits = ux_sa_limits(r);
	const struct sadb_lifetime current = {
	    .sadb_lifetime_allocations = (uint32_t)load64(&r->packets),
	    .sadb_lifetime_bytes = load64(&r->bytes),
	    .sadb_lifetime_addtime = load64(&r->add_time_s),
	    .sadb_lifetime_usetime = load64(&r->use_time_s),
	};

	if (view->hard)
		ux_pfkey_put_hard_limits(w, limits);
	if (view->soft)
		ux_pfkey_put_soft_limits(w, limits);
	ux_pfkey_ext(w, SADB_EXT_LIFETIME_CURRENT, &current, sizeof(current));
}

/* Of the selector only a source other than the SA's is shown, and in the SA's family. */
static void put_addresses(struct ux_pfkey_writer *w, const struct ux_sa *sa)
{
	const struct sadb_address endpoint = {.sadb_address_prefixlen =
						  sa->id.family == AF_INET ? 32 : 128};
	const struct sadb_address proxy = {
	    .sadb_address_proto = sa->sel.proto ? sa->sel.proto : IPSEC_ULPROTO_ANY,
	    .sadb_address_prefixlen = sa->sel.prefixlen_s,
	};

	ux_pfkey_put_address(w, SADB_EXT_ADDRESS_SRC, sa->id.family, &sa->saddr, 0, endpoint);
	ux_pfkey_put_address(w, SADB_EXT_ADDRESS_DST, sa->id.family, &sa->id.daddr, 0, endpoint);
	if (!ux_addr_equal(&sa->sel.saddr, &sa->saddr, sa->id.family))
		ux_pfkey_put_address(w, SADB_EXT_ADDRESS_PROXY, sa->id.family, &sa->sel.saddr,
				     sa->sel.sport, proxy);
}

static void put_key(struct ux_pfkey_writer *w, uint16_t type, const struct ux_algo_key *key)
{
	if (key && key->key_bits)
		ux_pfkey_put_key(w, type, key->key, key->key_bits);
}

static void put_nat(struct ux_pfkey_writer *w, const struct ux_encap *encap)
{
	const struct sadb_x_nat_t_type type = {.sadb_x_nat_t_type_type = (uint8_t)encap->type};
	const struct sadb_x_nat_t_port sport = {.sadb_x_nat_t_port_port = encap->sport};
	const struct sadb_x_nat_t_port dport = {.sadb_x_nat_t_port_port = encap->dport};

	ux_pfkey_ext(w, SADB_X_EXT_NAT_T_TYPE, &type, sizeof(type));
	ux_pfkey_ext(w, SADB_X_EXT_NAT_T_SPORT, &sport, sizeof(sport));
	ux_pfkey_ext(w, SADB_X_EXT_NAT_T_DPORT, &dport, sizeof(dport));
}

static size_t message_max(const struct ux_sa *sa)
{
	const struct ux_label *label = ux_sa_label(sa);
	const struct ux_algo_key *auth = ux_sa_key(sa->runtime->keys, UX_KEY_AUTH);
	const struct ux_algo_key *crypt = ux_sa_key(sa->runtime->keys, UX_KEY_CRYPT);
	size_t bits = (auth ? (size_t)auth->key_bits : 0) + (crypt ? (size_t)crypt->key_bits : 0);

	return FIXED_MAX + bits / 8 + (label ? label->len : 0);
}

int ux_pfkey_sa_message(const struct ux_sa *sa, const struct sadb_msg *head,
			const struct ux_pfkey_sa_view *view, struct ux_pfkey_bytes *ret_bytes)
{
	struct sadb_x_sa2 sa2 = {.sadb_x_sa2_reqid = sa->reqid};
	const struct ux_sa_keys *keys = sa->runtime->keys;
	struct sadb_msg h = *head;
	struct ux_pfkey_writer w;

	if (!ux_pfkey_mode_out(sa->mode, &sa2.sadb_x_sa2_mode))
		return -EINVAL;
	uint8_t *buf = malloc(message_max(sa));

	if (!buf)
		return -ENOBUFS;
	h.sadb_msg_satype = ux_pfkey_satype_of(sa->id.proto);
	ux_pfkey_begin(&w, buf, message_max(sa), &h);
	put_sa(&w, sa, view->state);
	put_lifetimes(&w, sa, view);
	put_addresses(&w, sa);
	if (view->keys) {
		put_key(&w, SADB_EXT_KEY_AUTH, ux_sa_key(keys, UX_KEY_AUTH));
		put_key(&w, SADB_EXT_KEY_ENCRYPT, ux_sa_key(keys, UX_KEY_CRYPT));
	}
	ux_pfkey_ext(&w, SADB_X_EXT_SA2, &sa2, sizeof(sa2));
	if (sa->encap.type != UX_ENCAP_NONE)
		put_nat(&w, &sa->encap);
	ux_pfkey_label_out(&w, ux_sa_label(sa));
	*ret_bytes = (struct ux_pfkey_bytes){.at = buf, .len = w.len};
	if (ux_pfkey_end(&w))
		return 0;
	ux_pfkey_bytes_free(ret_bytes);
	return -EMSGSIZE;
}

int ux_pfkey_sa_message_whole(const struct ux_sa *sa, const struct sadb_msg *head,
			      struct ux_pfkey_bytes *ret_bytes)
{
	const struct ux_pfkey_sa_view view = {
	    .state = ux_sa_state_of(sa), .keys = true, .soft = true, .hard = true};

	return ux_pfkey_sa_message(sa, head, &view, ret_bytes);
}

/* ---- events ---- */

static uint8_t event_number(uint16_t type)
{
	switch (type) {
	case XFRM_MSG_NEWSA:
		return SADB_ADD;
	case XFRM_MSG_UPDSA:
		return SADB_UPDATE;
	default:
		return SADB_DELETE;
	}
}

static void notify(struct uxfrm *u, const struct ux_sa *sa, const struct sadb_msg *head,
		   const struct ux_pfkey_sa_view *view, enum ux_pfkey_to to)
{
	struct ux_pfkey_bytes bytes;

	if (ux_list_empty(&u->pfkey_clients) || ux_pfkey_sa_message(sa, head, view, &bytes) < 0)
		return;
	(void)ux_pfkey_send(u, bytes.at, bytes.len, to, NULL);
	ux_pfkey_bytes_free(&bytes);
}

void ux_pfkey_notify_sa(struct uxfrm *u, uint16_t type, const struct ux_sa *sa,
			enum ux_sa_state state, const struct ux_event_origin *origin)
{
	const struct sadb_msg head = {.sadb_msg_version = PF_KEY_V2,
				      .sadb_msg_type = event_number(type),
				      .sadb_msg_seq = origin->seq,
				      .sadb_msg_pid = origin->port_id};
	const struct ux_pfkey_sa_view view = {
	    .state = state, .keys = true, .soft = true, .hard = true};

	notify(u, sa, &head, &view, UX_PFKEY_TO_ALL);
}

void ux_pfkey_notify_expired(struct uxfrm *u, const struct ux_sa *sa, bool hard,
			     enum ux_sa_state state)
{
	const struct sadb_msg head = {.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_EXPIRE};
	const struct ux_pfkey_sa_view view = {.state = state, .soft = !hard, .hard = hard};

	notify(u, sa, &head, &view, UX_PFKEY_TO_REGISTERED);
}

void ux_pfkey_notify_sa_flushed(struct uxfrm *u, uint8_t proto,
				const struct ux_event_origin *origin)
{
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2,
				   .sadb_msg_type = SADB_FLUSH,
				   .sadb_msg_satype = ux_pfkey_satype_of(proto),
				   .sadb_msg_len = sizeof(m) / sizeof(uint64_t),
				   .sadb_msg_seq = origin->seq,
				   .sadb_msg_pid = origin->port_id};

	(void)ux_pfkey_send(u, &m, sizeof(m), UX_PFKEY_TO_ALL, NULL);
}
