/* SPDX-License-Identifier: BSD-2-Clause */
/* Two engines in one program: SAs and policies by netlink bytes, then one packet from the first to
 * the second. */
#include <linux/xfrm.h>
#include <stdio.h>
#include <string.h>
#include <uxfrm/engine.h>
#include <uxfrm/packet.h>

#include "netlink_bytes.h" /* new_sa() and new_policy() fill a buffer with one request each */

/* Replies are NLMSG_ERROR messages; error 0 is the acknowledgement. */
static int on_reply(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	const struct nlmsgerr *e = NLMSG_DATA((const struct nlmsghdr *)datagram);

	*(int *)opaque += e->error == 0;
	return 0;
}

static struct uxfrm *make_engine(int direction, int *acks)
{
	static const struct uxfrm_client_ops ops = {.deliver = on_reply};
	struct uxfrm_params params;
	struct uxfrm_client *client;
	struct uxfrm *u;
	uint64_t bytes[128];

	uxfrm_params_init(&params);
	if (uxfrm_new(&params, &u) || uxfrm_client_open(u, 1, true, &ops, acks, &client))
		return NULL;
	uxfrm_client_request(client, bytes, new_sa(bytes));
	uxfrm_client_request(client, bytes, new_policy(bytes, direction));
	uxfrm_client_close(client);
	uxfrm_local_address_add(u, AF_INET, "\x0a\x02\x00\x01");
	return u;
}

int main(void)
{
	int acks = 0;
	struct uxfrm *a = make_engine(XFRM_POLICY_OUT, &acks);
	struct uxfrm *b = make_engine(XFRM_POLICY_IN, &acks);
	struct uxfrm_worker *wa = uxfrm_worker_new(a), *wb = uxfrm_worker_new(b);
	uint8_t buf[2048] = {0};
	struct uxfrm_packet p = {.buf = buf, .size = sizeof(buf), .data = buf + UXFRM_HEADROOM};
	struct uxfrm_packet *burst[] = {&p};

	p.len = udp_packet(p.data, "an inner packet");
	uxfrm_outbound(wa, burst, 1);
	printf("acknowledged %d, sent %u bytes, SPI 0x%08x\n", acks, p.len, p.spi);
	uxfrm_inbound(wb, burst, 1);
	printf("received: verdict %d, \"%s\"\n", p.verdict, (char *)p.data + 28);
	uxfrm_worker_free(wa);
	uxfrm_worker_free(wb);
	uxfrm_free(a);
	uxfrm_free(b);
	return acks != 4 || p.verdict != UXFRM_DELIVER ||
	       strcmp((char *)p.data + 28, "an inner packet");
}
