/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sa.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "core/companion.h"
#include "core/instance.h"
#include "core/sa_events.h"
#include "core/sa_runtime.h"

#define OFFLOAD_INBOUND 2
#define OFFLOAD_PACKET 4
#define OFFLOAD_KNOWN 7

/* ---- checks, in the order of Linux's __xfrm_init_state ---- */

static bool mode_known(uint8_t mode, uint16_t family)
{
	return (mode == UX_MODE_TRANSPORT || mode == UX_MODE_TUNNEL || mode == UX_MODE_BEET) &&
	       (family == AF_INET || family == AF_INET6);
}

static int check_mode_and_type(const struct ux_sa *sa, struct ux_ext_ack *ext)
{
	uint16_t inner = sa->sel.family ? sa->sel.family : sa->id.family;

	if (!mode_known(sa->mode, inner))
		return ux_fail(ext, EPROTONOSUPPORT, "Requested mode not found");
	if (sa->mode == UX_MODE_TRANSPORT && inner != sa->id.family)
		return ux_fail(ext, EPROTONOSUPPORT,
			       "Only tunnel modes can accommodate a change of family");
	if (!mode_known(sa->mode, sa->id.family))
		return ux_fail(ext, EPROTONOSUPPORT, "Requested mode not found");
	if (sa->id.proto != IPPROTO_ESP && sa->id.proto != IPPROTO_AH &&
	    sa->id.proto != IPPROTO_COMP && !ux_sa_is_companion(sa))
		return ux_fail(ext, EPROTONOSUPPORT, "Requested type not found");
	if (sa->id.proto == IPPROTO_COMP && sa->mode == UX_MODE_BEET)
		return ux_fail(ext, EINVAL, "Unsupported XFRM mode for IPcomp");
	return 0;
}

static int check_encap(const struct ux_sa *sa, struct ux_ext_ack *ext)
{
	if (sa->id.proto == IPPROTO_AH && sa->encap.type != UX_ENCAP_NONE)
		return ux_fail(ext, EINVAL, "AH is not compatible with encapsulation");
	if (sa->id.proto == IPPROTO_COMP && sa->encap.type != UX_ENCAP_NONE)
		return ux_fail(ext, EINVAL, "IPComp is not compatible with encapsulation");
	if (sa->encap.type != UX_ENCAP_NONE && sa->encap.type != UX_ENCAP_ESPINUDP)
		return ux_fail(ext, EINVAL, "Unsupported encapsulation type for ESP");
	if (!sa->nat_keepalive_interval_s)
		return 0;
	if (sa->dir != UX_SA_DIR_OUT)
		return ux_fail(ext, EINVAL, "NAT keepalive is only supported for outbound SAs");
	if (sa->encap.type != UX_ENCAP_ESPINUDP)
		return ux_fail(ext, EINVAL,
			       "NAT keepalive is only supported for UDP encapsulation");
	return 0;
}

/* No device of ours offloads: a crypto request falls back to software, a packet request cannot. */
static int check_offload(const struct ux_sa *sa, struct ux_ext_ack *ext)
{
	bool inbound = sa->offload.flags & OFFLOAD_INBOUND;

	if (!sa->offload.requested)
		return 0;
	if (sa->id.proto != IPPROTO_ESP)
		return ux_fail(ext, EINVAL, "Type doesn't support offload");
	if (sa->offload.flags & ~OFFLOAD_KNOWN)
		return ux_fail(ext, EINVAL, "Unrecognized flags in offload request");
	if ((inbound && sa->dir == UX_SA_DIR_OUT) || (!inbound && sa->dir == UX_SA_DIR_IN))
		return ux_fail(ext, EINVAL, "Mismatched SA and offload direction");
	if (sa->runtime->terms.tfcpad)
		return ux_fail(ext, EINVAL, "TFC padding can't be offloaded");
	if (sa->offload.flags & OFFLOAD_PACKET)
		return -EINVAL; /* without a text, as Linux */
	return 0;
}

int ux_sa_init(struct ux_sa *sa, struct ux_ext_ack *ext)
{
	int err = check_mode_and_type(sa, ext);

	if (err < 0)
		return err;
	/* larval, or was until it was given up; a valid one has keys, and they are not looked for
	 */
	if (ux_sa_state_of(sa) != UX_SA_VALID && !sa->runtime->transform)
		return ux_sa_fail_keyless(sa->id.proto, ext);
	err = check_encap(sa, ext);
	if (err == 0)
		err = check_offload(sa, ext);
	if (err < 0)
		return err;
	if (sa->nat_keepalive_interval_s && ux_sa_events_prepare(sa->runtime) < 0)
		return -ENOMEM;
	sa->mark.v &= sa->mark.m;
	return 0;
}

/* ---- making and freeing ---- */

/* The fields that do not come from a request. */
static void init_links(struct ux_sa *sa, enum ux_sa_state state)
{
	atomic_init(&sa->next_same_tuple, NULL);
	atomic_init(&sa->next_same_address, NULL);
	atomic_init(&sa->state, (uint8_t)state);
	atomic_init(&sa->grace, false);
	atomic_init(&sa->dying, false);
	sa->tuple_hash = sa->address_hash = 0;
	sa->prev_same_tuple = sa->prev_same_address = NULL;
	ux_list_init(&sa->all);
	sa->deadline_ns = 0;
}

static void fill(struct ux_sa *sa, const struct ux_sa_params *p)
{
	sa->mode = p->mode;
	sa->flags = p->flags;
	sa->dir = p->dir;
	sa->extra_flags = (uint8_t)p->extra_flags;
	sa->special = p->pcpu != UINT32_MAX ? UX_SA_PER_CPU : 0;
	sa->id = p->id;
	sa->mark = (struct ux_mark){.v = p->mark.v & p->mark.m, .m = p->mark.m};
	sa->saddr = p->saddr;
	sa->output_mark = p->output_mark;
	sa->encap = p->encap;
	sa->reqid = p->reqid;
	sa->if_id = p->if_id;
	sa->sel = p->sel;
	sa->nat_keepalive_interval_s = p->nat_keepalive_interval_s;
	sa->mapping_maxage_s = p->mapping_maxage_s;
	sa->offload = p->offload;
}

static struct ux_sa *sa_alloc(struct uxfrm *u, const struct ux_sa_params *p, enum ux_sa_state state)
{
	struct ux_sa *sa = ux_slab_get(&u->sa_slab);

	if (!sa)
		return NULL;
	memset(sa, 0, sizeof(*sa));
	init_links(sa, state);
	fill(sa, p);
	return sa;
}

int ux_sa_new(struct uxfrm *u, const struct ux_sa_params *params, struct ux_sa **ret_sa,
	      struct ux_ext_ack *ext)
{
	struct ux_sa *sa = sa_alloc(u, params, UX_SA_VALID);
	int err;

	if (!sa)
		return -ENOMEM;
	err = ux_sa_check_algorithms(params, ext);
	if (err == 0)
		err = check_mode_and_type(sa, ext);
	if (err == 0)
		err = ux_sa_runtime_new(u, params, &sa->runtime, ext);
	if (err == 0)
		err = check_encap(sa, ext);
	if (err ==
	    0) /* Linux looks at the replay state here: behind the type's, before the device's */
		err = ux_sa_check_replay(params, ext);
	if (err == 0)
		err = ux_sa_init(sa, ext);
	if (err < 0) {
		ux_sa_free_in(u, sa);
		return err;
	}
	*ret_sa = sa;
	return 0;
}

int ux_sa_new_larval(struct uxfrm *u, const struct ux_sa_params *params, struct ux_sa **ret_sa)
{
	struct ux_sa *sa = sa_alloc(u, params, UX_SA_LARVAL);

	if (!sa)
		return -ENOMEM;
	sa->runtime = ux_sa_runtime_new_larval(u, params);
	if (!sa->runtime) {
		ux_sa_free_in(u, sa);
		return -ENOMEM;
	}
	*ret_sa = sa;
	return 0;
}

int ux_sa_set_label(struct ux_sa *sa, const struct ux_label *label)
{
	struct ux_sa_rare *rare = label ? ux_sa_runtime_rare(sa->runtime) : NULL;

	if (!label)
		return 0;
	if (!rare) {
		ux_shared_release(label);
		return -ENOMEM;
	}
	ux_shared_release(rare->label);
	rare->label = label;
	sa->special |= UX_SA_LABELLED;
	return 0;
}

struct ux_sa *ux_sa_clone_in(struct uxfrm *u, const struct ux_sa *old)
{
	const size_t from = offsetof(struct ux_sa, mode), to = offsetof(struct ux_sa, tuple_hash);
	struct ux_sa *sa = ux_slab_get(&u->sa_slab);

	if (!sa)
		return NULL;
	/*
	 * All that a request can change lies between the two; the rest is shared with workers.
	 * memmove, because compilers put a string instruction in the place of a memcpy of this
	 * size, and that lets nothing go on until all of the old SA is there.
	 */
	memmove((char *)sa + from, (const char *)old + from, to - from);
	init_links(sa, ux_sa_state_of(old));
	sa->runtime->refs++;
	return sa;
}

struct ux_sa *ux_sa_clone(const struct ux_sa *old)
{
	return ux_sa_clone_in(old->runtime->instance, old);
}

void ux_sa_share_runtime(struct ux_sa *sa, struct ux_sa_runtime *runtime)
{
	struct ux_sa_runtime *own = sa->runtime;

	runtime->refs++;
	sa->runtime = runtime;
	if (--own->refs == 0)
		ux_sa_runtime_free(own);
}

struct ux_sa *ux_sa_free(struct ux_sa *sa)
{
	if (sa)
		ux_sa_free_in(sa->runtime->instance, sa);
	return NULL;
}

void ux_sa_free_in(struct uxfrm *u, struct ux_sa *sa)
{
	struct ux_sa_runtime *runtime = sa->runtime;

	ux_slab_put(&u->sa_slab, sa);
	if (runtime && --runtime->refs == 0)
		ux_sa_runtime_free(runtime);
}
