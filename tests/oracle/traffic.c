/* SPDX-License-Identifier: BSD-2-Clause */
#include "traffic.h"

#include <arpa/inet.h>
#include <string.h>

#include "packet/checksum.h"

#define ROOM 2048
#define PAYLOAD_MAX 200

struct frame {
	uint8_t bytes[ROOM];
	struct uxfrm_packet packet;
};

/* The addresses of a policy or made up; of the other family than @family none are. */
static void any_ends(struct world *w, uint16_t family, struct xfrm_selector *sel)
{
	const struct known_policy *p = chance(&w->r, 75) ? any_policy(w) : NULL;

	any_selector(w, family, sel);
	if (!p || p->info.sel.family != family || p->info.dir != XFRM_POLICY_OUT)
		return;
	sel->daddr = p->info.sel.daddr;
	sel->saddr = p->info.sel.saddr;
	if (p->info.sel.proto)
		sel->proto = p->info.sel.proto;
	sel->dport = p->info.sel.dport;
	sel->sport = p->info.sel.sport;
}

static void put_payload(struct world *w, uint8_t *p, size_t len, const struct xfrm_selector *sel)
{
	uint16_t n = htons((uint16_t)len);

	memset(p, 0x5a, len);
	memcpy(p, &sel->sport, 2);
	memcpy(p + 2, &sel->dport, 2);
	if (sel->proto == IPPROTO_UDP)
		memcpy(p + 4, &n, 2);
	if (sel->proto == IPPROTO_TCP)
		p[12] = 0x50;
	(void)w;
}

static size_t make_ip4(struct world *w, uint8_t *p, const struct xfrm_selector *sel)
{
	size_t payload = 20 + below(&w->r, PAYLOAD_MAX);
	uint16_t len = htons((uint16_t)(20 + payload)), sum;

	memset(p, 0, 20);
	p[0] = 0x45;
	p[1] = (uint8_t)ONE_OF(&w->r, 0, 3, 0xb8);
	memcpy(p + 2, &len, 2);
	p[6] = (uint8_t)ONE_OF(&w->r, 0, 0x40, 0x40, 0x20);
	p[8] = (uint8_t)ONE_OF(&w->r, 64, 64, 1);
	p[9] = sel->proto ? sel->proto : IPPROTO_UDP;
	memcpy(p + 12, &sel->saddr, 4);
	memcpy(p + 16, &sel->daddr, 4);
	sum = ux_checksum_finish(ux_checksum_add(0, p, 20));
	memcpy(p + 10, &sum, 2);
	put_payload(w, p + 20, payload, sel);
	return 20 + payload;
}

static size_t make_ip6(struct world *w, uint8_t *p, const struct xfrm_selector *sel)
{
	size_t payload = 20 + below(&w->r, PAYLOAD_MAX);
	uint16_t len = htons((uint16_t)payload);

	memset(p, 0, 40);
	p[0] = 0x60;
	memcpy(p + 4, &len, 2);
	p[6] = sel->proto ? sel->proto : IPPROTO_UDP;
	p[7] = 64;
	memcpy(p + 8, &sel->saddr, 16);
	memcpy(p + 24, &sel->daddr, 16);
	put_payload(w, p + 40, payload, sel);
	return 40 + payload;
}

static void make_frame(struct world *w, struct frame *f)
{
	uint16_t family = any_family(w);
	struct xfrm_selector sel;

	any_ends(w, family, &sel);
	f->packet =
	    (struct uxfrm_packet){.buf = f->bytes, .size = ROOM, .data = f->bytes + UXFRM_HEADROOM};
	f->packet.len = (uint32_t)(family == AF_INET6 ? make_ip6(w, f->packet.data, &sel)
						      : make_ip4(w, f->packet.data, &sel));
	f->packet.mark = (uint32_t)ONE_OF(&w->r, 0, 0, 0, 1, 5, 0x1ff);
	f->packet.ifindex = sel.ifindex;
	f->packet.if_id = chance(&w->r, 15) ? any_if_id(w) : 0;
}

static bool is_inside(const struct frame *f)
{
	const struct uxfrm_packet *p = &f->packet;

	return p->data >= f->bytes && p->len <= ROOM &&
	       (size_t)(p->data - f->bytes) + p->len <= ROOM;
}

/* From the peer's side: perhaps another source port, perhaps damaged, perhaps twice. */
static void alter(struct world *w, struct frame *f)
{
	uint8_t *p = f->packet.data;
	size_t header = p[0] >> 4 == 6 ? 40 : 20;

	if (p[header == 40 ? 6 : 9] == IPPROTO_UDP && chance(&w->r, 40))
		p[header + 1] ^= 1;
	if (chance(&w->r, 15))
		p[header + below(&w->r, f->packet.len - (uint32_t)header)] ^= 0x10;
	f->packet.mark = 0;
	f->packet.if_id = 0;
}

static const char *send_back(struct world *w, struct uxfrm_worker *worker, const struct frame *sent)
{
	static struct frame f;

	for (int i = 0; i < 2; i++) {
		struct uxfrm_packet *p = &f.packet;

		memcpy(f.bytes, sent->bytes, ROOM);
		f.packet = sent->packet;
		f.packet.buf = f.bytes;
		f.packet.data = f.bytes + (sent->packet.data - sent->bytes);
		alter(w, &f);
		uxfrm_inbound(worker, &p, 1);
		if (!is_inside(&f))
			return "an inbound packet is not where it should be";
		if (p->verdict == UXFRM_UNDERLAY || p->verdict == UXFRM_BYPASS)
			return "an inbound packet is to be sent";
	}
	return NULL;
}

const char *traffic_pass(struct world *w, struct uxfrm_worker *worker)
{
	static struct frame frames[8];
	struct uxfrm_packet *burst[8];
	size_t n = 1 + below(&w->r, 8);
	const char *broken = NULL;

	for (size_t i = 0; i < n; i++) {
		make_frame(w, &frames[i]);
		burst[i] = &frames[i].packet;
	}
	uxfrm_outbound(worker, burst, n);
	for (size_t i = 0; i < n && !broken; i++) {
		if (!is_inside(&frames[i]))
			return "an outbound packet is not where it should be";
		if (burst[i]->verdict == UXFRM_DELIVER)
			return "an outbound packet is to be delivered";
		if (burst[i]->verdict == UXFRM_UNDERLAY)
			broken = send_back(w, worker, &frames[i]);
	}
	return broken;
}
