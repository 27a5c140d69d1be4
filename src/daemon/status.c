/* SPDX-License-Identifier: BSD-2-Clause */

/* Counters to JSON. What the engine refused and the worker then sent after all is not a drop. */

#include "daemon/status.h"

#include <jansson.h>

#include "daemon/crypto_status.h"

static json_int_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (json_int_t)n;
}

static uint64_t drops_of(const struct ux_status_input *in, int reason)
{
	uint64_t n = in->packets.drops[reason];

	uint64_t taken = 0;

	if (reason == UXFRM_DROP_FRAGMENT)
		taken = in->worker.fragments_taken;
	else if (reason == UXFRM_DROP_OUT_TOO_BIG)
		taken = in->worker.too_big_taken;
	n = n > taken ? n - taken : 0;
	return n + in->worker.drops[reason];
}

/* All reasons, those with 0 too: a reader need not know the list. */
static json_t *drops_json(const struct ux_status_input *in)
{
	json_t *drops = json_array();

	for (int i = UXFRM_DROP_NONE + 1; i < UXFRM_DROP_COUNT; i++) {
		const enum uxfrm_drop drop = (enum uxfrm_drop)i;

		json_array_append_new(
		    drops, json_pack("{s:s, s:s, s:s, s:I}", "name", uxfrm_drop_name(drop),
				     "linux_name", uxfrm_drop_linux_name(drop), "text",
				     uxfrm_drop_text(drop), "count", number(drops_of(in, i))));
	}
	return drops;
}

/* By what outer packets go, device by device; others go by raw sockets. */
static json_t *underlay_json(const struct ux_status_input *in)
{
	static const char *const words[] = {
	    [UX_UNDERLAY_RAW] = "raw", [UX_UNDERLAY_XDP] = "xdp", [UX_UNDERLAY_AUTO] = "auto"};
	json_t *root = json_pack("{s:s}", "setting", words[in->underlay]);
	json_t *devices;

	if (in->underlay == UX_UNDERLAY_RAW || !root)
		return root;
	devices = json_array();
	for (uint32_t i = 0; i < in->xdp.n_devices; i++) {
		const struct ux_xdp_device_status *d = &in->xdp.devices[i];

		json_array_append_new(
		    devices, json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I}", "name", d->name,
				       "mode", d->mode, "zero_copy", d->zero_copy, "queues",
				       number(d->queues), "received", number(d->received), "sent",
				       number(d->sent), "malformed", number(d->malformed), "lost",
				       number(d->lost)));
	}
	json_object_set_new(root, "devices", devices);
	json_object_set_new(root, "sent_raw", json_integer(number(in->xdp.sent_raw)));
	if (in->xdp_why && in->xdp_why[0])
		json_object_set_new(root, "problem", json_string(in->xdp_why));
	else if (in->xdp.problem[0])
		json_object_set_new(root, "problem", json_string(in->xdp.problem));
	return root;
}

/* How packets of the host come here. */
static json_t *capture_json(const struct ux_status_input *in)
{
	const bool tc = in->capture == UX_CAPTURE_TC;
	json_t *root = json_pack("{s:s}", "setting", tc ? "tc" : "routes");

	if (!tc || !root)
		return root;
	json_object_set_new(root, "devices", json_integer(number(in->tc.devices)));
	json_object_set_new(root, "selectors", json_integer(number(in->tc.selectors)));
	json_object_set_new(root, "everything", json_boolean(in->tc.all));
	json_object_set_new(root, "left", json_integer(number(in->tc.left)));
	if (in->tc.problem[0])
		json_object_set_new(root, "problem", json_string(in->tc.problem));
	return root;
}

char *ux_status_json(const struct ux_status_input *in)
{
	const struct uxfrm_counts *c = &in->counts;
	const struct uxfrm_packet_stats *p = &in->packets;
	json_t *root =
	    json_pack("{s:s, s:I, s:I, s:I}", "version", UXFRM_VERSION, "pid", number(in->pid),
		      "uptime_s", number(in->uptime_s), "clients", number(in->clients));
	json_t *counts = json_pack("{s:I, s:I, s:{s:I, s:I, s:I}}", "sa", number(c->sa), "sa_grace",
				   number(c->sa_grace), "policy", "in", number(c->policy[0]), "out",
				   number(c->policy[1]), "fwd", number(c->policy[2]));
	json_t *packets = json_pack(
	    "{s:I, s:I, s:I, s:I, s:I, s:I}", "out_packets", number(p->out_packets), "out_bytes",
	    number(p->out_bytes), "in_packets", number(p->in_packets), "in_bytes",
	    number(p->in_bytes), "bypassed", number(p->bypassed), "held", number(p->held));
	char *text = NULL;

	if (root && counts && packets) {
		json_object_set_new(root, "ports", json_boolean(in->tun_name != NULL));
		if (in->tun_name)
			json_object_set_new(root, "tun", json_string(in->tun_name));
		if (in->tun_name)
			json_object_set_new(root, "capture", capture_json(in));
		if (in->tun_name)
			json_object_set_new(root, "underlay", underlay_json(in));
		if (in->tun_name)
			json_object_set_new(root, "workers", json_integer(in->worker.count));
		json_object_set(root, "counts", counts);
		json_object_set(root, "packets", packets);
		json_object_set_new(root, "drops", drops_json(in));
		json_object_set_new(root, "crypto", ux_crypto_status());
		text = json_dumps(root, JSON_COMPACT);
	}
	json_decref(counts);
	json_decref(packets);
	json_decref(root);
	return text;
}
