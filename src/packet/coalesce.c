/* SPDX-License-Identifier: BSD-2-Clause */

/* Runs of packets. Each packet is compared with the last run of its flow, if that is open. */

#include "packet/coalesce.h"

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/tcp.h"

#define UDP_CHECK 6

/* What is to be known of a packet; kind 0: it is not of a flow that can be told. */
struct facts {
	uint8_t kind;
	bool grows; /* can be one of several */
	bool ends;  /* and is then the last */
	uint16_t transport, header_len;
	uint32_t payload;
};

static bool is_tcp(uint8_t kind)
{
	return kind & (UX_COALESCE_TCP4 | UX_COALESCE_TCP6);
}

static bool is_v4(uint8_t kind)
{
	return kind & (UX_COALESCE_TCP4 | UX_COALESCE_UDP4);
}

/* The transport protocol of a packet without options, extension headers or anything behind its end,
 * which is no fragment; 0: not so. */
static uint8_t plain_proto(const uint8_t *data, uint32_t len)
{
	if (len >= UX_IP4_LEN && data[0] == 0x45) {
		bool fragment = ux_get_be16(data + 6) & 0x3fff;

		return ux_get_be16(data + 2) == len && !fragment ? data[9] : 0;
	}
	if (len >= UX_IP6_LEN && data[0] >> 4 == 6)
		return ux_get_be16(data + 4) == len - UX_IP6_LEN ? data[6] : 0;
	return 0;
}

static void read_tcp(const uint8_t *tcp, uint32_t left, struct facts *f)
{
	uint32_t len = left >= UX_TCP_LEN ? ux_tcp_header_len(tcp) : 0;

	if (len < UX_TCP_LEN || len > left) {
		f->kind = 0;
		return;
	}
	f->header_len = (uint16_t)(f->transport + len);
	f->payload = left - len;
	f->ends = tcp[UX_TCP_FLAGS] & UX_TCP_PSH;
	/* The urgent pointer means nothing without its flag, but all have that of the first. */
	f->grows = f->payload && (tcp[UX_TCP_FLAGS] & ~UX_TCP_PSH) == UX_TCP_ACK;
}

static void read_udp(const uint8_t *udp, uint32_t left, struct facts *f)
{
	if (left < UX_UDP_LEN || ux_get_be16(udp + 4) != left) {
		f->kind = 0;
		return;
	}
	f->header_len = (uint16_t)(f->transport + UX_UDP_LEN);
	f->payload = left - UX_UDP_LEN;
	f->grows = f->payload;
}

static struct facts read_facts(const struct uxfrm_packet *p, unsigned int kinds)
{
	uint8_t proto = plain_proto(p->data, p->len);
	bool v4 = proto && p->data[0] == 0x45;
	struct facts f = {.transport = v4 ? UX_IP4_LEN : UX_IP6_LEN};
	uint32_t left = p->len - f.transport;

	if (proto == IPPROTO_TCP) {
		f.kind = v4 ? UX_COALESCE_TCP4 : UX_COALESCE_TCP6;
		read_tcp(p->data + f.transport, left, &f);
	} else if (proto == IPPROTO_UDP) {
		f.kind = v4 ? UX_COALESCE_UDP4 : UX_COALESCE_UDP6;
		read_udp(p->data + f.transport, left, &f);
	}
	f.grows = f.grows && (f.kind & kinds);
	return f;
}

/* Is its checksum right, and written as segmentation would write it? Both forms of zero are not. */
static bool checksum_is_right(const struct uxfrm_packet *p, uint8_t kind, uint32_t transport)
{
	bool v4 = is_v4(kind), tcp = is_tcp(kind);
	const uint8_t *ip = p->data;
	uint32_t addresses = v4 ? 12 : 8, addr_len = v4 ? 4 : 16, upper = p->len - transport;
	uint16_t check =
	    ux_checksum_load(ip + transport + (tcp ? UX_TCP_CHECK : UDP_CHECK));
	uint64_t sum;

	if (check == 0 || check == 0xffff)
		return false;
	if (v4 && ux_checksum_finish(ux_checksum_add(0, ip, transport)) != 0)
		return false;
	sum = ux_checksum_pseudo(ip + addresses, ip + addresses + addr_len, addr_len,
				 tcp ? IPPROTO_TCP : IPPROTO_UDP, upper);
	return ux_checksum_finish(ux_checksum_add(sum, ip + transport, upper)) == 0;
}

/* Addresses and ports, of packets of one kind. */
static bool same_flow(const uint8_t *a, const uint8_t *b, uint8_t kind)
{
	return is_v4(kind) ? memcmp(a + 12, b + 12, 12) == 0 : memcmp(a + 8, b + 8, 36) == 0;
}

/* Everything else that all headers of a super-packet share. */
static bool same_headers(const uint8_t *a, const uint8_t *b, const struct ux_coalesce_run *run)
{
	const uint8_t *s = a + run->transport, *t = b + run->transport;

	if (is_v4(run->kind)) {
		/* Type of service; flags, time to live. */
		if (a[1] != b[1] || memcmp(a + 6, b + 6, 3) != 0 ||
		    ux_get_be16(b + 4) != (uint16_t)(ux_get_be16(a + 4) + run->n))
			return false;
	} else if (memcmp(a, b, 4) != 0 || a[7] != b[7]) {
		/* Traffic class and flow label; hop limit. */
		return false;
	}
	if (!is_tcp(run->kind))
		return true;
	return ux_get_be32(t + UX_TCP_SEQ) == ux_get_be32(s + UX_TCP_SEQ) + run->payload_len &&
	       memcmp(s + UX_TCP_ACK_NUMBER, t + UX_TCP_ACK_NUMBER, 5) == 0 &&
	       memcmp(s + UX_TCP_WINDOW, t + UX_TCP_WINDOW, 2) == 0 &&
	       memcmp(s + 18, t + 18, run->header_len - run->transport - 18u) == 0;
}

/* Of the flow's last run, which is open. */
static bool fits(struct ux_coalesce_run *run, struct uxfrm_packet *const *packets,
		 const struct facts *f, const struct uxfrm_packet *p)
{
	const struct uxfrm_packet *first = packets[run->first];

	if (!f->grows || f->header_len != run->header_len || f->payload > run->size ||
	    run->header_len + run->payload_len + f->payload > UX_IP_MAX ||
	    !same_headers(first->data, p->data, run))
		return false;
	if (!run->checked) {
		run->checked = checksum_is_right(first, run->kind, run->transport);
		run->open = run->checked;
	}
	return run->open && checksum_is_right(p, run->kind, run->transport);
}

static void append(struct ux_coalescer *c, struct ux_coalesce_run *run, size_t i,
		   const struct facts *f)
{
	c->next[run->last] = (uint8_t)i;
	run->last = (uint8_t)i;
	run->n++;
	run->payload_len += f->payload;
	run->open = f->payload == run->size && !f->ends;
}

static void begin(struct ux_coalescer *c, size_t i, const struct facts *f)
{
	c->runs[c->n++] = (struct ux_coalesce_run){
	    .first = (uint8_t)i,
	    .last = (uint8_t)i,
	    .n = 1,
	    .kind = f->kind,
	    .open = f->grows && !f->ends,
	    .header_len = f->header_len,
	    .transport = f->transport,
	    .size = (uint16_t)f->payload,
	    .payload_len = f->payload,
	};
}

/* The last run of the packet's flow; NULL: none, or there is a packet behind it that all wait for.
 */
static struct ux_coalesce_run *last_of_flow(struct ux_coalescer *c, size_t barrier,
					    struct uxfrm_packet *const *packets,
					    const struct facts *f, const struct uxfrm_packet *p)
{
	for (size_t i = c->n; i-- > barrier;) {
		struct ux_coalesce_run *run = &c->runs[i];

		if (run->kind == f->kind && same_flow(packets[run->first]->data, p->data, f->kind))
			return run;
	}
	return NULL;
}

void ux_coalesce(struct ux_coalescer *c, struct uxfrm_packet *const *packets, size_t n,
		 unsigned int kinds)
{
	size_t barrier = 0; /* runs before this one get no more */

	c->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct facts f = read_facts(packets[i], kinds);
		struct ux_coalesce_run *run = NULL;

		if (f.kind)
			run = last_of_flow(c, barrier, packets, &f, packets[i]);
		if (run && run->open && fits(run, packets, &f, packets[i])) {
			append(c, run, i, &f);
			continue;
		}
		begin(c, i, &f);
		if (!f.kind)
			barrier = c->n;
	}
}

void ux_coalesce_header(const struct ux_coalesce_run *run, struct uxfrm_packet *const *packets,
			uint8_t *header)
{
	bool v4 = is_v4(run->kind), tcp = is_tcp(run->kind);
	uint32_t addresses = v4 ? 12 : 8, addr_len = v4 ? 4 : 16;
	uint32_t len = run->header_len + run->payload_len;
	uint8_t *transport = header + run->transport;
	uint64_t sum;

	memcpy(header, packets[run->first]->data, run->header_len);
	if (v4)
		ux_ip4_set_length(header, len);
	else
		ux_ip6_set_length(header, len);
	if (tcp)
		transport[UX_TCP_FLAGS] |=
		    packets[run->last]->data[run->transport + UX_TCP_FLAGS] & UX_TCP_PSH;
	else
		ux_put_be16(transport + 4, (uint16_t)(len - run->transport));
	sum = ux_checksum_pseudo(header + addresses, header + addresses + addr_len, addr_len,
				 tcp ? IPPROTO_TCP : IPPROTO_UDP, len - run->transport);
	ux_checksum_store(transport + (tcp ? UX_TCP_CHECK : UDP_CHECK),
			  (uint16_t)~ux_checksum_finish(sum));
}
