/* SPDX-License-Identifier: BSD-2-Clause */
/* The ACQUIRE event: an SA is needed, and these algorithms would do. */

#include <netinet/in.h>

#include "ctl/label.h"
#include "ctl/pfkey/algorithms.h"
#include "ctl/pfkey/notify.h"
#include "ctl/pfkey/request.h"

#define ALGORITHMS_MAX UX_PFKEY_ALGORITHMS_MAX
#define MESSAGE_MAX               \
	(512 + UX_LABEL_MAX + 1 + \
	 (ALGORITHMS_MAX * ALGORITHMS_MAX) * (unsigned int)sizeof(struct sadb_comb))
/* The lifetimes Linux proposes, seconds. */
#define HOUR 3600
#define REPLAY_WINDOW 32

/* Do the template's @mask of algorithms include this one? */
static bool may_use(uint32_t mask, const struct ux_pfkey_algorithm *a)
{
	return a->desc.sadb_alg_id < 32 && (mask >> a->desc.sadb_alg_id & 1);
}

/* @encrypt: NULL for AH. */
static void put_combination(struct ux_pfkey_writer *w, const struct ux_pfkey_algorithm *auth,
			    const struct ux_pfkey_algorithm *encrypt)
{
	struct sadb_comb c = {
	    .sadb_comb_auth = auth->desc.sadb_alg_id,
	    .sadb_comb_auth_minbits = auth->desc.sadb_alg_minbits,
	    .sadb_comb_auth_maxbits = auth->desc.sadb_alg_maxbits,
	    .sadb_comb_soft_addtime = 20 * HOUR,
	    .sadb_comb_hard_addtime = 24 * HOUR,
	    .sadb_comb_soft_usetime = 7 * HOUR,
	    .sadb_comb_hard_usetime = 8 * HOUR,
	};

	if (encrypt) {
		c.sadb_comb_encrypt = encrypt->desc.sadb_alg_id;
		c.sadb_comb_encrypt_minbits = encrypt->desc.sadb_alg_minbits;
		c.sadb_comb_encrypt_maxbits = encrypt->desc.sadb_alg_maxbits;
	}
	ux_pfkey_append(w, &c, sizeof(c));
}

static void put_combinations(struct ux_pfkey_writer *w, const struct ux_template *t,
			     const struct ux_pfkey_algorithm *encrypt)
{
	const struct ux_pfkey_algorithm *auth = NULL;

	while ((auth = ux_pfkey_algorithm_next(UX_ALGO_AUTH, auth)))
		if (may_use(t->aalgos, auth))
			put_combination(w, auth, encrypt);
}

static void put_proposal(struct ux_pfkey_writer *w, const struct ux_template *t)
{
	const struct sadb_prop prop = {.sadb_prop_replay = REPLAY_WINDOW};
	const struct ux_pfkey_algorithm *encrypt = NULL;

	if (t->proto != IPPROTO_AH && t->proto != IPPROTO_ESP)
		return;
	ux_pfkey_ext(w, SADB_EXT_PROPOSAL, &prop, sizeof(prop));
	if (t->proto == IPPROTO_AH)
		put_combinations(w, t, NULL);
	else
		while ((encrypt = ux_pfkey_algorithm_next(UX_ALGO_CIPHER, encrypt)))
			if (may_use(t->ealgos, encrypt))
				put_combinations(w, t, encrypt);
}

uint32_t ux_pfkey_notify_acquire(struct uxfrm *u, const struct ux_policy *policy,
				 const struct ux_template *t, const struct ux_addr *saddr)
{
	const struct sadb_address endpoint = {.sadb_address_prefixlen =
						  t->family == AF_INET ? 32 : 128};
	const struct sadb_x_policy p = {.sadb_x_policy_type = IPSEC_POLICY_IPSEC,
					.sadb_x_policy_dir = IPSEC_DIR_OUTBOUND,
					.sadb_x_policy_id = policy->index,
					.sadb_x_policy_priority = policy->priority};
	struct sadb_msg head = {.sadb_msg_version = PF_KEY_V2,
				.sadb_msg_type = SADB_ACQUIRE,
				.sadb_msg_satype = ux_pfkey_satype_of(t->proto)};
	uint8_t buf[MESSAGE_MAX];
	struct ux_pfkey_writer w;

	if (ux_list_empty(&u->pfkey_clients))
		return 0;
	if (++u->pfkey_acquire_seq == 0)
		u->pfkey_acquire_seq = 1;
	head.sadb_msg_seq = u->pfkey_acquire_seq;
	ux_pfkey_begin(&w, buf, sizeof(buf), &head);
	ux_pfkey_put_address(&w, SADB_EXT_ADDRESS_SRC, t->family, saddr, 0, endpoint);
	ux_pfkey_put_address(&w, SADB_EXT_ADDRESS_DST, t->family, &t->daddr, 0, endpoint);
	ux_pfkey_ext(&w, SADB_X_EXT_POLICY, &p, sizeof(p));
	put_proposal(&w, t);
	ux_pfkey_label_out(&w, policy->label);
	(void)ux_pfkey_send_written(u, &w, UX_PFKEY_TO_REGISTERED, NULL);
	return ux_pfkey_any_registered(u) ? u->pfkey_acquire_seq : 0;
}
