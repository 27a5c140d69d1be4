/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/keepalive.h"

#include <netinet/in.h>
#include <string.h>

#include "packet/ip.h"
#include "packet/udp.h"

#define KEEPALIVE 0xff
#define PACKET_MAX (UX_IP6_LEN + UX_UDP_LEN + 1)

/* Returns its length. */
static uint32_t build(uint8_t *packet, const struct uxfrm_keepalive_event *event)
{
	bool four = event->family == AF_INET;
	uint32_t header_len = four ? UX_IP4_LEN : UX_IP6_LEN;
	struct ux_addr saddr = {0}, daddr = {0};
	struct ux_ip_build b = {
	    .saddr = &saddr,
	    .daddr = &daddr,
	    .total_len = header_len + UX_UDP_LEN + 1,
	    .ttl = UX_IP_DEFAULT_TTL,
	    .proto = IPPROTO_UDP,
	    .df = true,
	};
	struct ux_ip_info info;

	memcpy(&saddr, event->source, four ? 4 : 16);
	memcpy(&daddr, event->destination, four ? 4 : 16);
	if (four)
		ux_ip4_build(packet, &b);
	else
		ux_ip6_build(packet, &b);
	ux_udp_build(packet + header_len, event->sport, event->dport, UX_UDP_LEN + 1);
	packet[header_len + UX_UDP_LEN] = KEEPALIVE;
	/* Linux sends none over IPv4; over IPv6 there must be one */
	if (!four && ux_ip_parse(packet, b.total_len, &info))
		ux_transport_checksum(packet, &info);
	return b.total_len;
}

void ux_keepalive_send(struct ux_port *sender, const struct uxfrm_keepalive_event *event)
{
	uint8_t buf[PACKET_MAX];
	struct uxfrm_packet p = {.buf = buf, .size = sizeof(buf), .data = buf, .mark = event->mark};
	struct uxfrm_packet *one = &p;

	p.len = build(buf, event);
	ux_port_send(sender, &one, 1);
}
