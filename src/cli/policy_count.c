/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy count: what GETSPDINFO answers. */

#include <string.h>

#include "cli/cli.h"

/* The information attributes of NEWSPDINFO. */
struct spd_info {
	struct xfrmu_spdinfo count;
	struct xfrmu_spdhinfo hash;
	struct xfrmu_spdhthresh v4, v6;
};

static void read_spd_info(const struct nlmsghdr *msg, struct spd_info *info)
{
	const uint8_t *at = (const uint8_t *)msg + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(uint32_t));
	const uint8_t *end = (const uint8_t *)msg + msg->nlmsg_len;
	const struct {
		uint16_t type;
		void *to;
		size_t size;
	} known[] = {{XFRMA_SPD_INFO, &info->count, sizeof(info->count)},
		     {XFRMA_SPD_HINFO, &info->hash, sizeof(info->hash)},
		     {XFRMA_SPD_IPV4_HTHRESH, &info->v4, sizeof(info->v4)},
		     {XFRMA_SPD_IPV6_HTHRESH, &info->v6, sizeof(info->v6)}};
	struct nlattr a;

	for (; end - at >= (ptrdiff_t)sizeof(a); at += NLA_ALIGN(a.nla_len)) {
		memcpy(&a, at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > end - at)
			return;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (a.nla_type == known[i].type && a.nla_len >= sizeof(a) + known[i].size)
				memcpy(known[i].to, at + sizeof(a), known[i].size);
	}
}

static int print_count(const struct nlmsghdr *msg, void *opaque)
{
	const struct cli *cli = opaque;
	struct spd_info i = {0};

	read_spd_info(msg, &i);
	if (cli->json) {
		printf("{\"in\": %u, \"out\": %u, \"fwd\": %u}\n", i.count.incnt, i.count.outcnt,
		       i.count.fwdcnt);
		return 0;
	}
	printf("\t SPD IN  %u OUT %u FWD %u", i.count.incnt, i.count.outcnt, i.count.fwdcnt);
	if (cli->stats)
		printf(" (Sock: IN %u OUT %u FWD %u)", i.count.inscnt, i.count.outscnt,
		       i.count.fwdscnt);
	putchar('\n');
	if (cli->stats < 2)
		return 0;
	printf("\t SPD buckets: count %u Max %u\n", i.hash.spdhcnt, i.hash.spdhmcnt);
	printf("\t SPD IPv4 thresholds: local %u remote %u\n", i.v4.lbits, i.v4.rbits);
	printf("\t SPD IPv6 thresholds: local %u remote %u\n", i.v6.lbits, i.v6.rbits);
	return 0;
}

int policy_count(struct cli *cli)
{
	uint8_t buf[64];
	uint32_t flags = UINT32_MAX;
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_GETSPDINFO, NLM_F_REQUEST, 0, 0, &flags, sizeof(flags));
	ux_msg_end(&w);
	return cli_ask(cli, &w, print_count, cli);
}
