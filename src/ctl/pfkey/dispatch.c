/* SPDX-License-Identifier: BSD-2-Clause */
/* What all PF_KEY requests have in common, in the order in which Linux looks at it. */

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/api.h>

#include "ctl/pfkey/request.h"

/* NULL: no such request, which Linux answers with EOPNOTSUPP. */
static const ux_pfkey_handler handlers[SADB_MAX + 1] = {
    [SADB_GETSPI] = ux_pfkey_getspi,
    [SADB_UPDATE] = ux_pfkey_add,
    [SADB_ADD] = ux_pfkey_add,
    [SADB_DELETE] = ux_pfkey_delete,
    [SADB_GET] = ux_pfkey_get,
    [SADB_ACQUIRE] = ux_pfkey_acquire,
    [SADB_REGISTER] = ux_pfkey_register,
    [SADB_FLUSH] = ux_pfkey_flush,
    [SADB_DUMP] = ux_pfkey_dump,
    [SADB_X_PROMISC] = ux_pfkey_promisc,
    [SADB_X_SPDUPDATE] = ux_pfkey_spdadd,
    [SADB_X_SPDADD] = ux_pfkey_spdadd,
    [SADB_X_SPDDELETE] = ux_pfkey_spddelete,
    [SADB_X_SPDGET] = ux_pfkey_spdget,
    [SADB_X_SPDDUMP] = ux_pfkey_spddump,
    [SADB_X_SPDFLUSH] = ux_pfkey_spdflush,
    [SADB_X_SPDSETIDX] = ux_pfkey_spdadd,
    [SADB_X_SPDDELETE2] = ux_pfkey_spdget,
    [SADB_X_MIGRATE] = ux_pfkey_migrate,
};

int ux_pfkey_answer(const struct ux_pfkey_request *req, int error)
{
	struct sadb_msg m = *req->msg;

	m.sadb_msg_errno = (uint8_t)error;
	m.sadb_msg_len = sizeof(m) / sizeof(uint64_t);
	return ux_pfkey_send(req->u, &m, sizeof(m), UX_PFKEY_TO_ONE, req->client);
}

static void process(struct ux_pfkey_request *req)
{
	ux_pfkey_handler handle = handlers[req->msg->sadb_msg_type];
	int r;

	(void)ux_pfkey_send(req->u, req->msg, req->len, UX_PFKEY_TO_PROMISCUOUS, NULL);
	r = ux_pfkey_read(req->msg, req->len, &req->exts);
	if (r == 0)
		r = handle ? handle(req) : -EOPNOTSUPP;
	if (r < 0)
		(void)ux_pfkey_answer(req, -r);
}

UXFRM_API int uxfrm_pfkey_request(struct uxfrm_pfkey *client, const void *datagram, size_t len)
{
	_Alignas(16) uint8_t small[2048];
	int r = ux_pfkey_check_base(datagram, len);

	if (r < 0)
		return r;
	uint8_t *copy = len <= sizeof(small) ? small : malloc(len);
	if (!copy)
		return -ENOBUFS;
	memcpy(copy, datagram, len);
	struct ux_pfkey_request req = {
	    .u = client->u, .client = client, .msg = (const void *)copy, .len = len};

	req.origin = (struct ux_event_origin){.seq = req.msg->sadb_msg_seq,
					      .port_id = req.msg->sadb_msg_pid};
	process(&req);
	explicit_bzero(copy, len); /* keys */
	if (copy != small)
		free(copy);
	return 0;
}

/* ---- words that several handlers translate ---- */

uint8_t ux_pfkey_satype_proto(uint8_t satype)
{
	switch (satype) {
	case SADB_SATYPE_UNSPEC:
		return IPSEC_PROTO_ANY;
	case SADB_SATYPE_AH:
		return IPPROTO_AH;
	case SADB_SATYPE_ESP:
		return IPPROTO_ESP;
	case SADB_X_SATYPE_IPCOMP:
		return IPPROTO_COMP;
	default:
		return 0;
	}
}

uint8_t ux_pfkey_satype_of(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_AH:
		return SADB_SATYPE_AH;
	case IPPROTO_ESP:
		return SADB_SATYPE_ESP;
	case IPPROTO_COMP:
		return SADB_X_SATYPE_IPCOMP;
	default:
		return SADB_SATYPE_UNSPEC;
	}
}

bool ux_pfkey_mode_in(uint8_t number, uint8_t *ret_mode)
{
	static const uint8_t modes[] = {
	    [IPSEC_MODE_ANY] = UX_MODE_TRANSPORT,
	    [IPSEC_MODE_TRANSPORT] = UX_MODE_TRANSPORT,
	    [IPSEC_MODE_TUNNEL] = UX_MODE_TUNNEL,
	    [IPSEC_MODE_BEET] = UX_MODE_BEET,
	};

	if (number >= sizeof(modes))
		return false;
	*ret_mode = modes[number];
	return true;
}

bool ux_pfkey_mode_out(uint8_t mode, uint8_t *ret_number)
{
	switch (mode) {
	case UX_MODE_TRANSPORT:
		*ret_number = IPSEC_MODE_TRANSPORT;
		return true;
	case UX_MODE_TUNNEL:
		*ret_number = IPSEC_MODE_TUNNEL;
		return true;
	case UX_MODE_BEET:
		*ret_number = IPSEC_MODE_BEET;
		return true;
	default:
		return false;
	}
}

struct ux_selector ux_pfkey_selector(const struct ux_pfkey_exts *exts)
{
	struct ux_pfkey_address s = ux_pfkey_address(exts->at[SADB_EXT_ADDRESS_SRC]);
	struct ux_pfkey_address d = ux_pfkey_address(exts->at[SADB_EXT_ADDRESS_DST]);

	return (struct ux_selector){
	    .daddr = d.addr,
	    .saddr = s.addr,
	    .dport = d.port,
	    .dport_mask = d.port ? 0xffff : 0,
	    .sport = s.port,
	    .sport_mask = s.port ? 0xffff : 0,
	    .family = s.family,
	    .prefixlen_d = d.prefix_bits,
	    .prefixlen_s = s.prefix_bits,
	    .proto = d.proto == IPSEC_ULPROTO_ANY ? 0 : d.proto, /* Linux: the second one counts */
	};
}
