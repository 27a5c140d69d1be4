/* SPDX-License-Identifier: BSD-2-Clause */
/* NAT_T_NEW_MAPPING: the old source of an SA's packets as its source, the new one in the place of
 * its destination, as in Linux. */

#include "ctl/pfkey/algorithms.h"
#include "ctl/pfkey/notify.h"
#include "ctl/pfkey/request.h"

#define MESSAGE_MAX 256

static void put_port(struct ux_pfkey_writer *w, uint16_t type, __be16 port)
{
	const struct sadb_x_nat_t_port p = {.sadb_x_nat_t_port_port = port};

	ux_pfkey_ext(w, type, &p, sizeof(p));
}

void ux_pfkey_notify_mapping(struct uxfrm *u, const struct ux_sa *sa, const struct ux_addr *saddr,
			     __be16 sport)
{
	const struct sadb_address endpoint = {.sadb_address_prefixlen =
						  sa->id.family == AF_INET ? 32 : 128};
	const struct sadb_msg head = {.sadb_msg_version = PF_KEY_V2,
				      .sadb_msg_type = SADB_X_NAT_T_NEW_MAPPING,
				      .sadb_msg_satype = ux_pfkey_satype_of(sa->id.proto),
				      .sadb_msg_seq = sa->runtime->terms.acquire_seq};
	const struct sadb_sa p = {.sadb_sa_spi = sa->id.spi};
	uint8_t buf[MESSAGE_MAX];
	struct ux_pfkey_writer w;

	ux_pfkey_begin(&w, buf, sizeof(buf), &head);
	ux_pfkey_ext(&w, SADB_EXT_SA, &p, sizeof(p));
	ux_pfkey_put_address(&w, SADB_EXT_ADDRESS_SRC, sa->id.family, &sa->saddr, 0, endpoint);
	put_port(&w, SADB_X_EXT_NAT_T_SPORT, sa->encap.sport);
	ux_pfkey_put_address(&w, SADB_EXT_ADDRESS_DST, sa->id.family, saddr, 0, endpoint);
	put_port(&w, SADB_X_EXT_NAT_T_DPORT, sport);
	(void)ux_pfkey_send_written(u, &w, UX_PFKEY_TO_REGISTERED, NULL);
}
