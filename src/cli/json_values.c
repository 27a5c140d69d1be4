/* SPDX-License-Identifier: BSD-2-Clause */

/* Numbers stay numbers; a limit that is infinite is left out. */

#include "cli/json_values.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/names.h"
#include "cli/print_util.h"

/* What is not ASCII comes from elsewhere and need not be UTF-8, as JSON must. */
void set_chars(json_t *o, const char *name, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		abort();
	for (size_t i = 0; i < len; i++)
		copy[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	json_object_set_new(o, name, json_stringn(copy, len));
	free(copy);
}

void set_text(json_t *o, const char *name, const char *text)
{
	set_chars(o, name, text, strlen(text));
}

void set_number(json_t *o, const char *name, uint64_t v)
{
	json_object_set_new(o, name, json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v));
}

void set_address(json_t *o, const char *name, int family, const union uxfrm_ip *a)
{
	char buf[INET6_ADDRSTRLEN];

	if (family == AF_INET || family == AF_INET6)
		set_text(o, name, address_text(family, a, buf));
}

void set_spi(json_t *o, uint32_t spi)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", spi);
	set_text(o, "spi", text);
}

void set_sa_id(json_t *o, const struct uxfrm_sa_id *id)
{
	char buf[NAME_BUF];

	set_address(o, "src", id->family, &id->src);
	set_address(o, "dst", id->family, &id->dst);
	set_text(o, "proto", xfrm_proto_name(id->proto, buf));
	set_spi(o, id->spi);
}

json_t *mark_object(uint32_t value, uint32_t mask)
{
	json_t *o = json_object();

	set_number(o, "value", value);
	set_number(o, "mask", mask);
	return o;
}

static void set_upper(json_t *o, const struct uxfrm_selector *sel)
{
	bool types =
	    sel->proto == IPPROTO_ICMP || sel->proto == IPPROTO_ICMPV6 || sel->proto == IPPROTO_MH;

	if (sel->proto == IPPROTO_GRE && (sel->sport_mask | sel->dport_mask)) {
		set_number(o, "key", (uint32_t)sel->sport << 16 | sel->dport);
		return;
	}
	if (sel->sport_mask)
		set_number(o, types ? "type" : "sport", sel->sport);
	if (sel->dport_mask)
		set_number(o, types ? "code" : "dport", sel->dport);
}

json_t *selector_object(const struct uxfrm_selector *sel, int family)
{
	json_t *o = json_object();
	int f = sel->family ? sel->family : family ? family : AF_INET;
	char buf[NAME_BUF], name[IF_NAMESIZE];

	set_address(o, "src", f, &sel->src);
	set_number(o, "src_prefix", sel->src_bits);
	set_address(o, "dst", f, &sel->dst);
	set_number(o, "dst_prefix", sel->dst_bits);
	if (sel->proto)
		set_text(o, "proto", proto_name(sel->proto, buf));
	set_upper(o, sel);
	if (sel->ifindex > 0)
		set_text(o, "dev", device_name(sel->ifindex, name));
	if (sel->uid)
		set_number(o, "uid", sel->uid);
	return o;
}

json_t *limits_object(const struct uxfrm_limits *l)
{
	json_t *o = json_object();
	const struct {
		const char *name;
		uint64_t value, none;
	} all[] = {
	    {"byte_soft", l->byte_soft, UXFRM_NO_LIMIT},
	    {"byte_hard", l->byte_hard, UXFRM_NO_LIMIT},
	    {"packet_soft", l->packet_soft, UXFRM_NO_LIMIT},
	    {"packet_hard", l->packet_hard, UXFRM_NO_LIMIT},
	    {"time_soft", l->time_soft, 0},
	    {"time_hard", l->time_hard, 0},
	    {"time_use_soft", l->time_use_soft, 0},
	    {"time_use_hard", l->time_use_hard, 0},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].value != all[i].none)
			set_number(o, all[i].name, all[i].value);
	return o;
}

json_t *usage_object(const struct uxfrm_usage *usage)
{
	json_t *o = json_object();

	set_number(o, "bytes", usage->bytes);
	set_number(o, "packets", usage->packets);
	set_number(o, "add_time", usage->add_time);
	set_number(o, "use_time", usage->use_time);
	return o;
}

json_t *flags_array(uint32_t flags, const struct flag_name *names)
{
	json_t *list = json_array();
	char text[16];

	for (; names->name; names++) {
		if (flags & names->bit)
			json_array_append_new(list, json_string(names->name));
		flags &= ~names->bit;
	}
	if (flags) {
		snprintf(text, sizeof(text), "0x%x", flags);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

void set_marks(json_t *o, const struct uxfrm_attributes *a, const char *mark, const char *output)
{
	if (uxfrm_has(a, UXFRM_HAS_MARK))
		json_object_set_new(o, mark, mark_object(a->mark.value, a->mark.mask));
	if (uxfrm_has(a, UXFRM_HAS_OUTPUT_MARK))
		json_object_set_new(o, output,
				    mark_object(a->output_mark, uxfrm_has(a, UXFRM_HAS_OUTPUT_MASK)
								    ? a->output_mask
								    : UINT32_MAX));
}
