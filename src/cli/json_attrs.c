/* SPDX-License-Identifier: BSD-2-Clause */

/* Attributes as members of a JSON object; of an algorithm all but its key. */

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "cli/json_values.h"
#include "cli/names.h"

static void set_algorithms(json_t *o, const struct uxfrm_attributes *a)
{
	const struct {
		enum uxfrm_has has;
		const char *name;
		const struct uxfrm_algo *algo;
		bool icv;
	} all[] = {
	    {UXFRM_HAS_CRYPT, "enc", &a->crypt, false},
	    {UXFRM_HAS_AUTH, "auth", &a->auth, false},
	    {UXFRM_HAS_AUTH_TRUNC, "auth-trunc", &a->auth_trunc, true},
	    {UXFRM_HAS_AEAD, "aead", &a->aead, true},
	    {UXFRM_HAS_COMP, "comp", &a->comp, false},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!uxfrm_has(a, all[i].has))
			continue;
		json_t *entry = json_object();

		set_text(entry, "name", all[i].algo->name);
		set_number(entry, "key_bits", all[i].algo->key_bits);
		if (all[i].icv)
			set_number(entry, "icv_bits", all[i].algo->icv_bits);
		json_object_set_new(o, all[i].name, entry);
	}
}

static void set_encap(json_t *o, const struct uxfrm_encap *e, int family)
{
	json_t *entry = json_object();
	char buf[NAME_BUF];

	set_text(entry, "type", e->type ? encap_name(e->type, buf) : "none");
	if (e->type) {
		set_number(entry, "sport", e->sport);
		set_number(entry, "dport", e->dport);
		set_address(entry, "addr", family, &e->original);
	}
	json_object_set_new(o, "encap", entry);
}

static void set_offload(json_t *o, const struct uxfrm_offload *f)
{
	char name[IF_NAMESIZE];
	json_t *entry = json_object();

	set_text(entry, "type", f->flags & UXFRM_OFFLOAD_PACKET ? "packet" : "crypto");
	if (f->ifindex)
		set_text(entry, "dev", device_name(f->ifindex, name));
	set_text(entry, "dir", f->flags & UXFRM_OFFLOAD_INBOUND ? "in" : "out");
	json_object_set_new(o, "offload", entry);
}

/* The words in the order of their numbers. */
static void set_bitmap(json_t *o, const uint32_t *words, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, json_integer(words[i]));
	json_object_set_new(o, "bitmap", list);
}

static void set_replay(json_t *o, const struct uxfrm_attributes *a)
{
	json_t *entry = json_object();

	if (uxfrm_has(a, UXFRM_HAS_REPLAY_ESN)) {
		const struct uxfrm_replay_esn *r = &a->replay_esn;

		set_number(entry, "window", r->window);
		set_number(entry, "seq", (uint64_t)r->seq_hi << 32 | r->seq);
		set_number(entry, "oseq", (uint64_t)r->oseq_hi << 32 | r->oseq);
		set_bitmap(entry, r->bitmap, r->bitmap_words);
	} else {
		set_number(entry, "seq", a->replay.seq);
		set_number(entry, "oseq", a->replay.oseq);
		set_bitmap(entry, &a->replay.bitmap, 1);
	}
	json_object_set_new(o, "replay", entry);
}

static void set_numbers(json_t *o, const struct uxfrm_attributes *a)
{
	const struct {
		enum uxfrm_has has;
		const char *name;
		uint64_t value;
	} all[] = {
	    {UXFRM_HAS_IF_ID, "if_id", a->if_id},
	    {UXFRM_HAS_TFC_PAD, "tfcpad", a->tfc_pad},
	    {UXFRM_HAS_CPU, "cpu", a->cpu},
	    {UXFRM_HAS_LAST_USED, "lastused", a->last_used},
	    {UXFRM_HAS_MAPPING_THRESH, "mtimer_thresh", a->mapping_thresh},
	    {UXFRM_HAS_NAT_KEEPALIVE, "nat_keepalive", a->nat_keepalive},
	    {UXFRM_HAS_REPLAY_THRESH, "replay_thresh", a->replay_thresh},
	    {UXFRM_HAS_TIMER_THRESH, "etimer_thresh", a->timer_thresh},
	    {UXFRM_HAS_IPTFS_DROP_TIME, "iptfs_drop_time", a->iptfs_drop_time},
	    {UXFRM_HAS_IPTFS_REORDER_WINDOW, "iptfs_reorder_window", a->iptfs_reorder_window},
	    {UXFRM_HAS_IPTFS_INIT_DELAY, "iptfs_init_delay", a->iptfs_init_delay},
	    {UXFRM_HAS_IPTFS_MAX_QSIZE, "iptfs_max_qsize", a->iptfs_max_qsize},
	    {UXFRM_HAS_IPTFS_PKT_SIZE, "iptfs_pkt_size", a->iptfs_pkt_size},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (uxfrm_has(a, all[i].has))
			set_number(o, all[i].name, all[i].value);
	if (uxfrm_has(a, UXFRM_HAS_IPTFS_DONT_FRAG))
		json_object_set_new(o, "iptfs_dont_frag", json_true());
}

static json_t *template_object(const struct uxfrm_template *t)
{
	const struct uxfrm_sa_id id = {
	    .family = t->family, .proto = t->proto, .spi = t->spi, .dst = t->dst, .src = t->src};
	json_t *o = json_object();
	char buf[NAME_BUF];

	set_sa_id(o, &id);
	set_number(o, "reqid", t->reqid);
	set_text(o, "mode", mode_name(t->mode, buf));
	set_text(o, "level", level_name(t->optional, buf));
	set_text(o, "share", share_name(t->share, buf));
	set_number(o, "enc_mask", t->crypt_mask);
	set_number(o, "auth_mask", t->auth_mask);
	set_number(o, "comp_mask", t->comp_mask);
	return o;
}

static void set_templates(json_t *o, const struct uxfrm_attributes *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->template_count; i++)
		json_array_append_new(list, template_object(&a->templates[i]));
	json_object_set_new(o, "templates", list);
}

void set_attributes(json_t *o, const struct uxfrm_attributes *a, int family)
{
	char buf[NAME_BUF];

	if (uxfrm_has(a, UXFRM_HAS_DIR))
		set_text(o, "dir", a->dir == UXFRM_SA_IN ? "in" : "out");
	if (uxfrm_has(a, UXFRM_HAS_PTYPE))
		set_text(o, "ptype", ptype_name(a->ptype, buf));
	if (uxfrm_has(a, UXFRM_HAS_EXTRA_FLAGS))
		json_object_set_new(o, "extra_flags",
				    flags_array(a->extra_flags, extra_flag_names));
	set_algorithms(o, a);
	if (uxfrm_has(a, UXFRM_HAS_ENCAP))
		set_encap(o, &a->encap, family);
	if (uxfrm_has(a, UXFRM_HAS_REPLAY) || uxfrm_has(a, UXFRM_HAS_REPLAY_ESN))
		set_replay(o, a);
	if (uxfrm_has(a, UXFRM_HAS_OFFLOAD))
		set_offload(o, &a->offload);
	if (uxfrm_has(a, UXFRM_HAS_CARE_OF))
		set_address(o, "coa", family, &a->care_of);
	if (uxfrm_has(a, UXFRM_HAS_SECURITY))
		set_chars(o, "context", a->security.text,
			  strnlen(a->security.text, a->security.len));
	if (uxfrm_has(a, UXFRM_HAS_KMADDRESS)) {
		set_address(o, "kmaddress_local", a->kmaddress.family, &a->kmaddress.local);
		set_address(o, "kmaddress_remote", a->kmaddress.family, &a->kmaddress.remote);
	}
	if (uxfrm_has(a, UXFRM_HAS_TEMPLATES))
		set_templates(o, a);
	set_numbers(o, a);
}
