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

const char *address_text(int family, const union uxfrm_ip *a, char *buf)
{
	return inet_ntop(family, a, buf, INET6_ADDRSTRLEN) ? buf : "???"; /* as ip says it */
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

void end_message(const struct printer *p)
{
	if (p->one_line)
		fputc('\n', p->out);
	fflush(p->out);
}

static bool is_ipsec(uint8_t proto)
{
	return proto == IPPROTO_ESP || proto == IPPROTO_AH || proto == IPPROTO_COMP;
}

void print_id(const struct printer *p, const struct id_line *line, const char *prefix,
	      const char *title)
{
	const struct uxfrm_sa_id *id = line->id;
	char address[INET6_ADDRSTRLEN], buf[NAME_BUF];

	fprintf(p->out, "%ssrc %s ", title, address_text(id->family, &id->src, address));
	fprintf(p->out, "dst %s%s", address_text(id->family, &id->dst, address), line_end(p));
	fprintf(p->out, "%s\tproto %s ", prefix, xfrm_proto_name(id->proto, buf));
	if (p->stats || id->spi || (line->always_spi && is_ipsec(id->proto))) {
		fprintf(p->out, "spi 0x%08x", id->spi);
		if (p->stats)
			fprintf(p->out, "(%u)", id->spi);
		fputc(' ', p->out);
	}
	fprintf(p->out, "reqid %u", line->reqid);
	if (p->stats)
		fprintf(p->out, "(0x%08x)", line->reqid);
	fprintf(p->out, " mode %s%s", mode_name(line->mode, buf), line_end(p));
}

/* What a protocol calls the two halves of the selector's ports; NULL: not shown. */
struct upper_words {
	uint8_t proto;
	const char *first, *second;
};

static const struct upper_words *upper_words_of(uint8_t proto)
{
	static const struct upper_words special[] = {
	    {IPPROTO_ICMP, "type", "code"},
	    {IPPROTO_ICMPV6, "type", "code"},
	    {IPPROTO_MH, "type", NULL},
	    {0, "sport", "dport"},
	};
	const struct upper_words *w = special;

	while (w->proto && w->proto != proto)
		w++;
	return w;
}

static void print_upper(const struct printer *p, const struct uxfrm_selector *sel)
{
	uint16_t first = sel->sport, second = sel->dport;
	const struct upper_words *words = upper_words_of(sel->proto);

	if (sel->proto == IPPROTO_GRE) { /* one number of 32 bits */
		if (sel->sport_mask | sel->dport_mask)
			fprintf(p->out, "key %u ", (uint32_t)first << 16 | second);
		return;
	}
	if (sel->sport_mask)
		fprintf(p->out, "%s %u ", words->first, first);
	if (!sel->dport_mask)
		return;
	if (words->second)
		fprintf(p->out, "%s %u ", words->second, second);
	else if (p->stats)
		fprintf(p->out, "(dport) 0x%.4x ", htons(sel->dport));
}

void print_selector(const struct printer *p, const struct uxfrm_selector *sel, uint16_t family,
		    const char *prefix)
{
	int f = sel->family ? sel->family : family ? family : p->family;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], buf[NAME_BUF], name[IF_NAMESIZE];

	fprintf(p->out, "%ssrc %s/%u ", prefix, address_text(f, &sel->src, src), sel->src_bits);
	fprintf(p->out, "dst %s/%u ", address_text(f, &sel->dst, dst), sel->dst_bits);
	if (sel->proto)
		fprintf(p->out, "proto %s ", proto_name(sel->proto, buf));
	print_upper(p, sel);
	if (sel->ifindex > 0) {
		fprintf(p->out, "dev %s ", device_name(sel->ifindex, name));
	}
	if (p->stats)
		fprintf(p->out, "uid %u", sel->uid);
	fputs(line_end(p), p->out);
}

bool selector_is_empty(const struct uxfrm_selector *sel)
{
	static const union uxfrm_ip none;

	return !(sel->family | sel->src_bits | sel->dst_bits | sel->sport | sel->sport_mask |
		 sel->dport | sel->dport_mask | sel->ifindex | sel->uid | sel->proto) &&
	       memcmp(&sel->src, &none, sizeof(none)) == 0 &&
	       memcmp(&sel->dst, &none, sizeof(none)) == 0;
}

static void print_amount(const struct printer *p, uint64_t amount, const char *unit)
{
	if (amount == UXFRM_NO_LIMIT &&
	    strcmp(unit, "sec") != 0) /* of time, 0 is the one without end */
		fprintf(p->out, "(INF)(%s)", unit);
	else
		fprintf(p->out, "%" PRIu64 "(%s)", amount, unit);
}

void print_limits(const struct printer *p, const struct uxfrm_limits *limits, const char *prefix)
{
	const struct {
		const char *what, *unit;
		uint64_t soft, hard;
	} lines[] = {
	    {"limit", "bytes", limits->byte_soft, limits->byte_hard},
	    {"limit", "packets", limits->packet_soft, limits->packet_hard},
	    {"expire add", "sec", limits->time_soft, limits->time_hard},
	    {"expire use", "sec", limits->time_use_soft, limits->time_use_hard},
	};

	fprintf(p->out, "%slifetime config:%s", prefix, line_end(p));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fprintf(p->out, "%s  %s: soft ", prefix, lines[i].what);
		print_amount(p, lines[i].soft, lines[i].unit);
		fputs(", hard ", p->out);
		print_amount(p, lines[i].hard, lines[i].unit);
		fputs(line_end(p), p->out);
	}
}

void print_usage(const struct printer *p, const struct uxfrm_usage *usage, const char *prefix)
{
	char add[32], use[32];
	const char *end = line_end(p);

	fprintf(p->out, "%slifetime current:%s", prefix, end);
	fprintf(p->out, "%s  %" PRIu64 "(bytes), %" PRIu64 "(packets)%s", prefix, usage->bytes,
		usage->packets, end);
	fprintf(p->out, "%s  add %s use %s%s", prefix, time_text(usage->add_time, add, sizeof(add)),
		time_text(usage->use_time, use, sizeof(use)), end);
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
	const char *gap = "";

	for (const struct flag_name *n = names; n->name; n++) {
		if (flags & n->bit) {
			fprintf(p->out, "%s%s", gap, n->name);
			gap = " ";
		}
		flags &= ~n->bit;
	}
	if (flags) /* bits without a name */
		fprintf(p->out, "%s%x", gap, flags);
}
