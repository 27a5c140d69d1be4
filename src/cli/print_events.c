/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/print_events.h"

#include <arpa/inet.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print.h"
#include "cli/print_util.h"

/* The fixed header into @header, the attributes into @attrs; false if the message is too short. */
static bool read_event(const struct nlmsghdr *msg, void *header, size_t len, struct ux_attrs *attrs)
{
	struct ux_ext_ack ext = {0};

	if (msg->nlmsg_len < NLMSG_HDRLEN + len || ux_attrs_parse(msg, len, attrs, &ext) < 0) {
		fprintf(stderr, "BUG: wrong nlmsg len %u\n", msg->nlmsg_len);
		return false;
	}
	memcpy(header, (const uint8_t *)msg + NLMSG_HDRLEN, len);
	return true;
}

static void end_event(const struct printer *p)
{
	if (p->one_line)
		fputc('\n', p->out);
	fflush(p->out);
}

static void print_acquire(const struct printer *p, const struct nlmsghdr *msg)
{
	struct xfrm_user_acquire acquire;
	struct ux_attrs attrs;
	char buf[NAME_BUF];
	uint16_t family;

	if (!read_event(msg, &acquire, sizeof(acquire), &attrs))
		return;
	family = acquire.sel.family ? acquire.sel.family : acquire.policy.sel.family;
	fprintf(p->out, "acquire proto %s ", xfrm_proto_name(acquire.id.proto, buf));
	if (p->stats || acquire.id.spi) {
		fprintf(p->out, "spi 0x%08x", ntohl(acquire.id.spi));
		if (p->stats)
			fprintf(p->out, "(%u)", ntohl(acquire.id.spi));
		fputc(' ', p->out);
	}
	fputs(line_end(p), p->out);
	print_selector(p, &acquire.sel, family, "  sel ");
	print_policy_lines(p, &acquire.policy, &attrs, "    ", "  policy ");
	if (p->stats)
		fprintf(p->out, "  seq 0x%08u enc-mask %.8x auth-mask %.8x comp-mask %.8x",
			acquire.seq, acquire.ealgos, acquire.aalgos, acquire.calgos);
	fputs(line_end(p), p->out);
	end_event(p);
}

static void print_state_flush(const struct printer *p, const struct nlmsghdr *msg)
{
	struct xfrm_usersa_flush flush;
	struct ux_attrs attrs;
	char buf[NAME_BUF];

	if (!read_event(msg, &flush, sizeof(flush), &attrs))
		return;
	fprintf(p->out, "Flushed state proto %s%s",
		flush.proto ? xfrm_proto_name(flush.proto, buf) : "0", line_end(p));
	end_event(p);
}

static void print_policy_flush(const struct printer *p, const struct nlmsghdr *msg)
{
	struct ux_attrs attrs;
	char nothing, buf[NAME_BUF];

	if (!read_event(msg, &nothing, 0, &attrs))
		return;
	fputs("Flushed policy ", p->out);
	if (attrs.tb[XFRMA_POLICY_TYPE]) {
		const struct xfrm_userpolicy_type *type = ux_attr_data(attrs.tb[XFRMA_POLICY_TYPE]);

		fprintf(p->out, "ptype %s ", ptype_name(type->type, buf));
	}
	fputs(line_end(p), p->out);
	end_event(p);
}

static void print_aevent(const struct printer *p, const struct nlmsghdr *msg)
{
	struct xfrm_aevent_id id;
	struct ux_attrs attrs;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], buf[NAME_BUF];

	if (!read_event(msg, &id, sizeof(id), &attrs))
		return;
	uint16_t family = id.sa_id.family;

	fprintf(p->out, "Async event  (0x%x) ", id.flags);
	if (id.flags & XFRM_AE_CR)
		fputs(" replay update ", p->out);
	if (id.flags & XFRM_AE_CE)
		fputs(" timer expired ", p->out);
	if (id.flags & XFRM_AE_CU)
		fputs(" policy updated ", p->out);
	fprintf(p->out, "\n\tsrc %s dst %s  reqid 0x%x protocol %s  SPI 0x%x%s",
		address_text(family, &id.saddr, src), address_text(family, &id.sa_id.daddr, dst),
		id.reqid, proto_name(id.sa_id.proto, buf), ntohl(id.sa_id.spi), line_end(p));
	end_event(p);
}

static void print_report(const struct printer *p, const struct nlmsghdr *msg)
{
	struct xfrm_user_report report;
	struct ux_attrs attrs;
	char buf[NAME_BUF];

	if (!read_event(msg, &report, sizeof(report), &attrs))
		return;
	fprintf(p->out, "report proto %s %s", xfrm_proto_name(report.proto, buf), line_end(p));
	print_selector(p, &report.sel, 0, "  sel ");
	print_attributes(p, &attrs, report.sel.family, "  ");
	end_event(p);
}

static void print_mapping(const struct printer *p, const struct nlmsghdr *msg)
{
	struct xfrm_user_mapping map;
	struct ux_attrs attrs;
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN], d[INET6_ADDRSTRLEN], buf[NAME_BUF];

	if (!read_event(msg, &map, sizeof(map), &attrs))
		return;
	uint16_t family = map.id.family;

	fprintf(p->out, "Mapping change %s:%d -> %s:%d\n", address_text(family, &map.old_saddr, a),
		ntohs(map.old_sport), address_text(family, &map.new_saddr, b),
		ntohs(map.new_sport));
	fprintf(p->out, "\tsrc %s dst %s  reqid 0x%x protocol %s  SPI 0x%x%s",
		address_text(family, &map.old_saddr, a), address_text(family, &map.id.daddr, d),
		map.reqid, proto_name(map.id.proto, buf), ntohl(map.id.spi), line_end(p));
	end_event(p);
}

static void print_defaults(const struct printer *p, const struct nlmsghdr *msg)
{
	struct xfrm_userpolicy_default def;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(def))
		return;
	memcpy(&def, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(def));
	fprintf(p->out, "Default policies:\n in:  %s\n fwd: %s\n out: %s\n",
		def.in == XFRM_USERPOLICY_BLOCK ? "block" : "accept",
		def.fwd == XFRM_USERPOLICY_BLOCK ? "block" : "accept",
		def.out == XFRM_USERPOLICY_BLOCK ? "block" : "accept");
	fflush(p->out);
}

void print_event(const struct printer *p, const struct nlmsghdr *msg)
{
	switch (msg->nlmsg_type) {
	case XFRM_MSG_ACQUIRE:
		print_acquire(p, msg);
		break;
	case XFRM_MSG_FLUSHSA:
		print_state_flush(p, msg);
		break;
	case XFRM_MSG_FLUSHPOLICY:
		print_policy_flush(p, msg);
		break;
	case XFRM_MSG_NEWAE:
		print_aevent(p, msg);
		break;
	case XFRM_MSG_REPORT:
		print_report(p, msg);
		break;
	case XFRM_MSG_MAPPING:
		print_mapping(p, msg);
		break;
	case UX_XFRM_MSG_GETDEFAULT:
		print_defaults(p, msg);
		break;
	default:
		fprintf(stderr, "Unknown message: %08u 0x%08x 0x%08x\n", msg->nlmsg_len,
			msg->nlmsg_type, msg->nlmsg_flags);
		break;
	}
}
