/* SPDX-License-Identifier: BSD-2-Clause */

/* ESP in UDP, both ways. */

#include "ipsec/udp_encap.h"

#include <netinet/in.h>

#include "ipsec/esp.h"
#include "packet/esp_header.h"
#include "packet/udp.h"

#define KEEPALIVE 0xff

uint8_t ux_udp_encap_proto(const struct ux_sa *sa)
{
	return sa->encap.type == UX_ENCAP_NONE ? IPPROTO_ESP : IPPROTO_UDP;
}

void ux_udp_encap_build(const struct ux_slot *s, uint32_t esp_len)
{
	const struct ux_encap *e = &s->sa->encap;

	/* RFC 3948 section 2.1: the checksum should be zero over IPv4. */
	if (e->type != UX_ENCAP_NONE)
		ux_udp_build(s->header - UX_UDP_LEN, e->sport, e->dport, UX_UDP_LEN + esp_len);
}

void ux_udp_encap_finish(struct ux_slot *s)
{
	struct ux_ip_info info;

	if (s->sa->encap.type == UX_ENCAP_NONE || s->sa->id.family != AF_INET6)
		return;
	if (ux_ip_parse(s->p->data, s->p->len, &info))
		ux_transport_checksum(s->p->data, &info);
}

enum uxfrm_drop ux_udp_encap_open(struct ux_slot *s)
{
	uint8_t *udp = s->p->data + s->ip.header_len;
	uint32_t len;

	if (!ux_udp_payload_len(udp, s->ip.total_len - s->ip.header_len, &len))
		return UXFRM_DROP_IN_HEADER;
	s->header = udp + UX_UDP_LEN;
	if (len == 1 && s->header[0] == KEEPALIVE) {
		s->p->verdict = UXFRM_CONSUMED;
		s->done = true;
		return UXFRM_DROP_NONE;
	}
	/* Four zero bytes where the SPI would be: IKE, not for us (RFC 3948 section 2.2). */
	if (len < UX_ESP_HEADER_LEN || ux_esp_spi(s->header) == 0)
		return UXFRM_DROP_IN_HEADER;
	s->protocol = &ux_esp;
	s->rest_len = len;
	s->encap_type = UX_ENCAP_ESPINUDP;
	return UXFRM_DROP_NONE;
}
