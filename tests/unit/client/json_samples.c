/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Prints as JSON, an object a line, each kind of message with everything it can have, and with
 * nothing; then the messages recorded from a kernel in the files named. check_json.py compares them
 * with the schema.
 */

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/print.h"
#include "client/decode.h"

static const uint8_t key[32];
static const uint32_t bitmap[2] = {1, 0x80000000};
static const union uxfrm_ip address = {.bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}};
static const struct uxfrm_selector selector = {
    .family = AF_INET6, .src_bits = 64, .dst_bits = 128, .ifindex = 1, .uid = 1000, .proto = 6};
static const struct uxfrm_limits limits = {1, 2, 3, 4, 5, 6, 7, 8};
static const struct uxfrm_usage usage = {UINT64_MAX, 2, 3, 4};
static const struct uxfrm_template template = {.family = AF_INET6,
					       .proto = 50,
					       .mode = UXFRM_MODE_IPTFS,
					       .share = 3,
					       .optional = 1,
					       .auth_mask = UINT32_MAX};
static const struct uxfrm_sa_id id = {.family = AF_INET, .proto = 50, .spi = 0xfedcba98};

static struct uxfrm_algo algorithm(void)
{
	return (struct uxfrm_algo){
	    .name = "not UTF-8: \xff\xfe", .key_bits = 256, .icv_bits = 128, .key = key};
}

static struct uxfrm_attributes everything(void)
{
	struct uxfrm_attributes a;

	memset(&a, 0, sizeof(a));
	a.has = UINT64_MAX;
	a.output_mask = a.if_id = a.tfc_pad = a.cpu = UINT32_MAX;
	a.extra_flags = UINT32_MAX;
	a.iptfs_reorder_window = UINT16_MAX;
	a.dir = UXFRM_SA_OUT;
	a.ptype = UXFRM_POLICY_SUB;
	a.encap = (struct uxfrm_encap){UXFRM_ENCAP_UDP, 4500, 4501, address};
	a.offload = (struct uxfrm_offload){1, UXFRM_OFFLOAD_PACKET};
	a.replay_esn = (struct uxfrm_replay_esn){UINT32_MAX, UINT32_MAX, 1, 2, 64, 2, bitmap, 2};
	a.usage = usage;
	a.security = (struct uxfrm_security){1, 1, 8, "label\x80!"};
	a.kmaddress = (struct uxfrm_kmaddress){AF_INET6, address, address};
	a.auth = a.auth_trunc = a.crypt = a.aead = a.comp = algorithm();
	a.templates = &template;
	a.template_count = 1;
	return a;
}

static void print(struct uxfrm_message *m, uint16_t type)
{
	m->type = type;
	json_t *o = json_message(m);

	if (!o)
		return;
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void print_sas(const struct uxfrm_attributes *attrs, uint8_t flags)
{
	static const uint16_t types[] = {UXFRM_MSG_SA, UXFRM_MSG_SA_UPDATED, UXFRM_MSG_SA_DELETED,
					 UXFRM_MSG_SA_EXPIRED};
	struct uxfrm_message m = {.hard = true,
				  .sa = {.id = id,
					 .sel = selector,
					 .limits = limits,
					 .mode = UXFRM_MODE_BEET,
					 .flags = flags,
					 .replay_window = 255,
					 .usage = usage,
					 .attrs = *attrs}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		print(&m, types[i]);
}

static void print_policies(const struct uxfrm_attributes *attrs, uint8_t dir, uint8_t proto)
{
	static const uint16_t types[] = {UXFRM_MSG_POLICY, UXFRM_MSG_POLICY_UPDATED,
					 UXFRM_MSG_POLICY_DELETED, UXFRM_MSG_POLICY_EXPIRED};
	struct uxfrm_message m = {.policy = {.id = {.sel = selector, .index = 9, .dir = dir},
					     .limits = limits,
					     .priority = UINT32_MAX,
					     .action = UXFRM_BLOCK,
					     .flags = 0xff,
					     .share = 9,
					     .attrs = *attrs}};

	m.policy.id.sel.proto = proto;
	m.policy.id.sel.sport_mask = m.policy.id.sel.dport_mask = UINT16_MAX;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		print(&m, types[i]);
}

static void print_moves(const struct uxfrm_attributes *attrs, uint32_t flags)
{
	const struct uxfrm_endpoint_move one = {
	    .old_family = AF_INET, .new_family = AF_INET6, .proto = 50, .mode = UXFRM_MODE_TUNNEL};
	struct uxfrm_message sa = {
	    .sa_move = {.id = id, .new_family = AF_INET6, .flags = flags, .attrs = *attrs}};
	struct uxfrm_message policy = {.policy_move = {.id = {.sel = selector, .dir = 2},
						       .moves = &one,
						       .move_count = 1,
						       .attrs = *attrs}};

	print(&sa, UXFRM_MSG_SA_MOVED);
	print(&policy, UXFRM_MSG_POLICY_MOVED);
}

static void print_events(const struct uxfrm_attributes *attrs)
{
	struct uxfrm_message acquire = {.acquire = {.id = id,
						    .sel = selector,
						    .policy = {.id = {.sel = selector}},
						    .seq = UINT32_MAX,
						    .attrs = *attrs}};
	struct uxfrm_message aevent = {.aevent = {.id = id, .flags = 0x1ff, .attrs = *attrs}};
	struct uxfrm_message report = {.report = {.proto = 50, .sel = selector, .attrs = *attrs}};
	struct uxfrm_message mapping = {.mapping = {.id = id, .old_sport = UINT16_MAX}};
	struct uxfrm_message flushed = {.flushed = {.proto = 50, .attrs = *attrs}};

	print(&acquire, UXFRM_MSG_ACQUIRE);
	print(&aevent, UXFRM_MSG_AEVENT);
	print(&report, UXFRM_MSG_REPORT);
	print(&mapping, UXFRM_MSG_MAPPING);
	print(&flushed, UXFRM_MSG_SAS_FLUSHED);
	print(&flushed, UXFRM_MSG_POLICIES_FLUSHED);
}

static void print_counts(void)
{
	struct uxfrm_message defaults = {.defaults = {1, 2, 2}};
	struct uxfrm_message sad = {.sad = {UINT32_MAX, 8, 16}};
	struct uxfrm_message spd = {.spd = {.in = 1, .threshold6 = {128, 128}}};

	print(&defaults, UXFRM_MSG_DEFAULTS);
	print(&sad, UXFRM_MSG_SAD_INFO);
	print(&spd, UXFRM_MSG_SPD_INFO);
}

static void print_file(const char *path)
{
	static _Alignas(8) uint8_t data[1 << 20];
	static struct ux_decoder decoder;
	FILE *f = fopen(path, "rb");

	if (!f)
		exit(2);
	size_t len = fread(data, 1, sizeof(data), f);

	fclose(f);
	for (size_t at = 0; at < len;) {
		const struct nlmsghdr *msg = (const void *)(data + at);

		if (ux_decode(&decoder, msg))
			exit(3);
		print(&decoder.message, decoder.message.type);
		at += NLMSG_ALIGN(msg->nlmsg_len);
	}
}

int main(int argc, char **argv)
{
	struct uxfrm_attributes all = everything(), none = {0};

	print_sas(&all, 0xff);
	print_sas(&none, 0);
	print_policies(&all, UXFRM_POLICY_FWD, IPPROTO_UDP);
	print_policies(&none, UXFRM_POLICY_SOCKET, IPPROTO_ICMPV6);
	print_policies(&none, UXFRM_POLICY_OUT, IPPROTO_GRE);
	print_moves(&all, UXFRM_MOVE_CLEAR_OFFLOAD | UXFRM_MOVE_UPDATE_H2H_SELECTOR);
	print_moves(&none, 0);
	print_events(&all);
	print_events(&none);
	print_counts();
	for (int i = 1; i < argc; i++)
		print_file(argv[i]);
	return 0;
}
