/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/print_util.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "cli/names.h"

const char *line_end(const struct printer *p)
{
	return p->one_line ? "\\" : "\n";
}

const char *address_text(int family, const xfrm_address_t *a, char *buf)
{
	if (!inet_ntop(family == AF_INET6 ? AF_INET6 : AF_INET, a, buf, INET6_ADDRSTRLEN))
		buf[0] = '\0';
	return buf;
}

const char *time_text(uint64_t seconds, char *buf, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == 0)
		return "-";
	if (!localtime_r(&t, &tm) || strftime(buf, size, "%Y-%m-%d %T", &tm) == 0)
		return "-";
	return buf;
}

void print_id(const struct printer *p, const struct id_line *line, const char *prefix,
	      const char *title)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], buf[NAME_BUF];
	uint32_t spi = ntohl(line->id->spi);

	fprintf(p->out, "%ssrc %s ", title, address_text(line->family, line->saddr, src));
	fprintf(p->out, "dst %s%s", address_text(line->family, &line->id->daddr, dst), line_end(p));
	fprintf(p->out, "%s\tproto %s ", prefix, xfrm_proto_name(line->id->proto, buf));
	if (p->stats || line->always_spi || spi) {
		fprintf(p->out, "spi 0x%08x", spi);
		if (p->stats)
			fprintf(p->out, "(%u)", spi);
		fputc(' ', p->out);
	}
	fprintf(p->out, "reqid %u", line->reqid);
	if (p->stats)
		fprintf(p->out, "(0x%08x)", line->reqid);
	fprintf(p->out, " mode %s%s", mode_name(line->mode, buf), line_end(p));
}

static void print_upper(const struct printer *p, const struct xfrm_selector *sel)
{
	uint16_t sport = ntohs(sel->sport), dport = ntohs(sel->dport);

	switch (sel->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (sel->sport_mask)
			fprintf(p->out, "type %u ", sport);
		if (sel->dport_mask)
			fprintf(p->out, "code %u ", dport);
		break;
	case IPPROTO_GRE:
		if (sel->sport_mask || sel->dport_mask)
			fprintf(p->out, "key %u ", (uint32_t)sport << 16 | dport);
		break;
	case IPPROTO_MH:
		if (sel->sport_mask)
			fprintf(p->out, "type %u ", sport);
		if (sel->dport_mask && p->stats)
			fprintf(p->out, "(dport) 0x%.4x ", sel->dport);
		break;
	default:
		if (sel->sport_mask)
			fprintf(p->out, "sport %u ", sport);
		if (sel->dport_mask)
			fprintf(p->out, "dport %u ", dport);
		break;
	}
}

void print_selector(const struct printer *p, const struct xfrm_selector *sel, uint16_t family,
		    const char *prefix)
{
	int f = sel->family ? sel->family : family ? family : p->family;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], buf[NAME_BUF], name[IF_NAMESIZE];

	fprintf(p->out, "%ssrc %s/%u ", prefix, address_text(f, &sel->saddr, src),
		sel->prefixlen_s);
	fprintf(p->out, "dst %s/%u ", address_text(f, &sel->daddr, dst), sel->prefixlen_d);
	if (sel->proto)
		fprintf(p->out, "proto %s ", proto_name(sel->proto, buf));
	print_upper(p, sel);
	if (sel->ifindex > 0) {
		if (!if_indextoname((unsigned int)sel->ifindex, name))
			snprintf(name, sizeof(name), "if%d", sel->ifindex);
		fprintf(p->out, "dev %s ", name);
	}
	if (p->stats)
		fprintf(p->out, "uid %u", sel->user);
	fputs(line_end(p), p->out);
}

static const char *limit_text(uint64_t limit, char buf[NAME_BUF])
{
	if (limit == XFRM_INF)
		return "(INF)";
	snprintf(buf, NAME_BUF, "%" PRIu64, limit);
	return buf;
}

void print_limits(const struct printer *p, const struct xfrm_lifetime_cfg *limits,
		  const char *prefix)
{
	char soft[NAME_BUF], hard[NAME_BUF];
	const char *end = line_end(p);

	fprintf(p->out, "%slifetime config:%s", prefix, end);
	fprintf(p->out, "%s  limit: soft %s(bytes), hard %s(bytes)%s", prefix,
		limit_text(limits->soft_byte_limit, soft),
		limit_text(limits->hard_byte_limit, hard), end);
	fprintf(p->out, "%s  limit: soft %s(packets), hard %s(packets)%s", prefix,
		limit_text(limits->soft_packet_limit, soft),
		limit_text(limits->hard_packet_limit, hard), end);
	fprintf(p->out, "%s  expire add: soft %" PRIu64 "(sec), hard %" PRIu64 "(sec)%s", prefix,
		(uint64_t)limits->soft_add_expires_seconds,
		(uint64_t)limits->hard_add_expires_seconds, end);
	fprintf(p->out, "%s  expire use: soft %" PRIu64 "(sec), hard %" PRIu64 "(sec)%s", prefix,
		(uint64_t)limits->soft_use_expires_seconds,
		(uint64_t)limits->hard_use_expires_seconds, end);
}

void print_lifetime(const struct printer *p, const struct xfrm_lifetime_cur *now,
		    const char *prefix)
{
	char add[32], use[32];
	const char *end = line_end(p);

	fprintf(p->out, "%slifetime current:%s", prefix, end);
	fprintf(p->out, "%s  %" PRIu64 "(bytes), %" PRIu64 "(packets)%s", prefix,
		(uint64_t)now->bytes, (uint64_t)now->packets, end);
	fprintf(p->out, "%s  add %s use %s%s", prefix, time_text(now->add_time, add, sizeof(add)),
		time_text(now->use_time, use, sizeof(use)), end);
}

const char *mask8_text(uint8_t mask, char buf[9])
{
	for (int i = 0; i < 8; i++)
		buf[i] = mask & (0x80 >> i) ? '1' : '0';
	buf[8] = '\0';
	return buf;
}

void print_flags(const struct printer *p, uint32_t flags, const struct flag_name *names)
{
	for (; names->name; names++) {
		if (!(flags & names->bit))
			continue;
		flags &= ~names->bit;
		fprintf(p->out, "%s%s", names->name, flags ? " " : "");
	}
	if (flags)
		fprintf(p->out, "%x", flags);
}
