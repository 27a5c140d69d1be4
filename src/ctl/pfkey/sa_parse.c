/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/pfkey/sa_parse.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "ctl/label.h"
#include "ctl/pfkey/algorithms.h"

#define REPLAY_MAX 32 /* numbers; there is no way to ask for more */
/* What 0 in the extension is, which core would take for no encapsulation. */
#define UNKNOWN_ENCAP UINT16_MAX

/* A limit of 0 is none. */
static uint64_t limit_in(uint64_t limit)
{
	return limit ? limit : UX_LIMIT_INFINITE;
}

void ux_pfkey_limits_in(const struct sadb_lifetime *hard, const struct sadb_lifetime *soft,
			struct ux_limits *limits)
{
	if (hard) {
		limits->hard_packets = limit_in(hard->sadb_lifetime_allocations);
		limits->hard_bytes = limit_in(hard->sadb_lifetime_bytes);
		limits->hard_add_s = hard->sadb_lifetime_addtime;
		limits->hard_use_s = hard->sadb_lifetime_usetime;
	}
	if (soft) {
		limits->soft_packets = limit_in(soft->sadb_lifetime_allocations);
		limits->soft_bytes = limit_in(soft->sadb_lifetime_bytes);
		limits->soft_add_s = soft->sadb_lifetime_addtime;
		limits->soft_use_s = soft->sadb_lifetime_usetime;
	}
}

static bool is_empty_key(const struct sadb_key *key)
{
	return key && key->sadb_key_bits == 0;
}

static int check(const struct ux_pfkey_request *req)
{
	const void *const *at = req->exts.at;
	const struct sadb_sa *sa = at[SADB_EXT_SA];
	uint8_t satype = req->msg->sadb_msg_satype;

	if (!sa || !ux_pfkey_has_pair(&req->exts))
		return -EINVAL;
	if (satype == SADB_SATYPE_ESP && !at[SADB_EXT_KEY_ENCRYPT])
		return -EINVAL;
	if (satype == SADB_SATYPE_AH && !at[SADB_EXT_KEY_AUTH])
		return -EINVAL;
	if (!at[SADB_EXT_LIFETIME_HARD] != !at[SADB_EXT_LIFETIME_SOFT])
		return -EINVAL;
	if (!ux_pfkey_satype_proto(satype))
		return -EINVAL;
	if (sa->sadb_sa_auth > SADB_AALG_MAX || sa->sadb_sa_encrypt > SADB_EALG_MAX)
		return -EINVAL;
	if (satype == SADB_X_SATYPE_IPCOMP && sa->sadb_sa_encrypt > SADB_X_CALG_MAX)
		return -EINVAL;
	if (sa->sadb_sa_auth != SADB_X_AALG_NULL && is_empty_key(at[SADB_EXT_KEY_AUTH]))
		return -EINVAL;
	if (sa->sadb_sa_encrypt != SADB_EALG_NULL && is_empty_key(at[SADB_EXT_KEY_ENCRYPT]))
		return -EINVAL;
	return 0;
}

/* @number 0: no algorithm. */
static int read_algorithm(enum ux_algo_class class, uint8_t number, const struct sadb_key *key,
			  struct ux_algo_request *ret, const struct ux_algo_request **ret_given)
{
	const struct ux_pfkey_algorithm *a;

	if (!number)
		return 0;
	a = ux_pfkey_algorithm_by_number(class, number);
	if (!a)
		return -ENOSYS;
	strncpy(ret->name, a->name, sizeof(ret->name) - 1);
	if (key) {
		ret->key = (const uint8_t *)(key + 1);
		ret->key_bits = key->sadb_key_bits;
	}
	*ret_given = ret;
	return 0;
}

static int read_algorithms(const struct ux_pfkey_request *req, struct ux_pfkey_sa_request *r)
{
	const void *const *at = req->exts.at;
	const struct sadb_sa *sa = at[SADB_EXT_SA];
	int err = read_algorithm(UX_ALGO_AUTH, sa->sadb_sa_auth, at[SADB_EXT_KEY_AUTH], &r->auth,
				 &r->params.auth);

	if (err < 0)
		return err;
	if (req->msg->sadb_msg_satype == SADB_X_SATYPE_IPCOMP)
		return read_algorithm(UX_ALGO_COMP, sa->sadb_sa_encrypt, NULL, &r->comp,
				      &r->params.comp);
	return read_algorithm(UX_ALGO_CIPHER, sa->sadb_sa_encrypt, at[SADB_EXT_KEY_ENCRYPT],
			      &r->crypt, &r->params.crypt);
}

static void read_sa(const struct sadb_sa *sa, struct ux_sa_params *p)
{
	p->id.spi = sa->sadb_sa_spi;
	p->replay_window = sa->sadb_sa_replay < REPLAY_MAX ? sa->sadb_sa_replay : REPLAY_MAX;
	if (sa->sadb_sa_flags & SADB_SAFLAGS_NOECN)
		p->flags |= UX_SA_NOECN;
	if (sa->sadb_sa_flags & SADB_SAFLAGS_DECAP_DSCP)
		p->flags |= UX_SA_DECAP_DSCP;
	if (sa->sadb_sa_flags & SADB_SAFLAGS_NOPMTUDISC)
		p->flags |= UX_SA_NOPMTUDISC;
}

static void read_addresses(const struct ux_pfkey_exts *exts, struct ux_sa_params *p)
{
	struct ux_pfkey_address s = ux_pfkey_address(exts->at[SADB_EXT_ADDRESS_SRC]);
	struct ux_pfkey_address d = ux_pfkey_address(exts->at[SADB_EXT_ADDRESS_DST]);

	p->saddr = s.addr;
	p->id.daddr = d.addr;
	p->id.family = p->sel.family = s.family;
	if (exts->at[SADB_EXT_ADDRESS_PROXY]) {
		struct ux_pfkey_address proxy = ux_pfkey_address(exts->at[SADB_EXT_ADDRESS_PROXY]);

		p->sel.saddr = proxy.addr;
		p->sel.family = proxy.family;
		p->sel.prefixlen_s = proxy.prefix_bits;
	}
}

static void read_nat(const struct ux_pfkey_exts *exts, struct ux_encap *encap)
{
	const struct sadb_x_nat_t_type *type = exts->at[SADB_X_EXT_NAT_T_TYPE];
	const struct sadb_x_nat_t_port *sport = exts->at[SADB_X_EXT_NAT_T_SPORT];
	const struct sadb_x_nat_t_port *dport = exts->at[SADB_X_EXT_NAT_T_DPORT];

	if (!type)
		return;
	encap->type = type->sadb_x_nat_t_type_type ? type->sadb_x_nat_t_type_type : UNKNOWN_ENCAP;
	if (sport)
		encap->sport = sport->sadb_x_nat_t_port_port;
	if (dport)
		encap->dport = dport->sadb_x_nat_t_port_port;
}

int ux_pfkey_sa_parse(const struct ux_pfkey_request *req, struct ux_pfkey_sa_request *ret_request)
{
	const void *const *at = req->exts.at;
	const struct sadb_x_sa2 *sa2 = at[SADB_X_EXT_SA2];
	struct ux_pfkey_sa_request *r = ret_request;
	int err = check(req);

	if (err < 0)
		return err;
	memset(r, 0, sizeof(*r));
	r->params.id.proto = ux_pfkey_satype_proto(req->msg->sadb_msg_satype);
	r->params.acquire_seq = req->msg->sadb_msg_seq;
	r->params.pcpu = UINT32_MAX;
	r->params.limits = (struct ux_limits){.soft_bytes = UX_LIMIT_INFINITE,
					      .hard_bytes = UX_LIMIT_INFINITE,
					      .soft_packets = UX_LIMIT_INFINITE,
					      .hard_packets = UX_LIMIT_INFINITE};
	ux_pfkey_limits_in(at[SADB_EXT_LIFETIME_HARD], at[SADB_EXT_LIFETIME_SOFT],
			   &r->params.limits);
	read_sa(at[SADB_EXT_SA], &r->params);
	err = ux_pfkey_label_in(req, &r->label);
	if (err < 0)
		return err;
	err = read_algorithms(req, r);
	if (err == 0 && sa2 && !ux_pfkey_mode_in(sa2->sadb_x_sa2_mode, &r->params.mode))
		err = -EINVAL;
	if (err < 0) {
		ux_shared_release(r->label);
		return err;
	}
	read_addresses(&req->exts, &r->params);
	if (sa2)
		r->params.reqid = sa2->sadb_x_sa2_reqid;
	read_nat(&req->exts, &r->params.encap);
	return 0;
}
